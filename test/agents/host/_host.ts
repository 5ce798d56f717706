import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
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
    const [engine, redis] = await Promise.all([anEngine(scope), startRedis(scope)]);
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

/**
 * Debian's own engine; or, to run the same tests on another release or image store, the one whose socket
 * `DIMG_TEST_ENGINE` names. That one must be empty, since the tests empty it.
 */
async function anEngine(scope: Scope): Promise<Engine> {
  const socket = process.env.DIMG_TEST_ENGINE;
  if (!socket) return startEngine(scope, { name: 'host-1' });
  const docker = new Docker({ socketPath: socket });
  if ((await docker.listImages({ all: true })).length > 0) throw new Error(`${socket} is not empty.`);
  return { name: 'host-1', socket, host: `unix://${socket}`, docker } as Engine;
}
