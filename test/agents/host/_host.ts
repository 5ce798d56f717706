import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type Engine, startEngine } from '../../../playground/parts/engine.ts';
import { type Redis, startRedis } from '../../../playground/parts/redis.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { startWitness, type Witness } from '../../../playground/parts/witness.ts';
import { type Agent, type Bot, empty, startAgent, startBot } from './_setup.ts';

export type Host = {
  scope: Scope;
  engine: Engine;
  redis: Redis;
  bot: Bot;
  agent: Agent;
  witness: Witness;
  /** For agents that tests start themselves. */
  config: string;
};

/** A real engine, Redis and agent for the tests of one `describe`; the engine is emptied after each. */
export function useHost(name: string, yaml = 'min-age: 0s\n'): Host {
  const host = {} as Host;
  beforeAll(async () => {
    const scope = createScope(name);
    Object.assign(host, { scope, config: join(scope.dir, 'agent.yaml') });
    writeFileSync(host.config, yaml);
    const [engine, redis] = await Promise.all([startEngine(scope, { name: 'host-1' }), startRedis(scope)]);
    Object.assign(host, { engine, redis, bot: await startBot(redis), witness: await startWitness(engine) });
    host.agent = await startAgent(scope, redis, engine, { DIMG_AGENT_CONFIG: host.config });
  }, 60_000);
  afterEach(() => empty(host.engine));
  afterAll(async () => {
    host.witness?.stop();
    await host.agent?.stop();
    await host.bot?.close();
    await host.scope?.close();
  }, 60_000);
  return host;
}
