import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { type Engine, startEngine } from '../../../playground/parts/engine.ts';
import { busyboxImage, loadImages } from '../../../playground/parts/images.ts';
import { startRedis } from '../../../playground/parts/redis.ts';
import { createScope } from '../../../playground/parts/scope.ts';
import { startWitness, type Witness } from '../../../playground/parts/witness.ts';
import { diff } from '../../../playground/parts/witness-diff.ts';
import { type Agent, type Bot, empty, prune, startAgent, startBot } from './_setup.ts';

describe.skipIf(skipWithout('prune on a real engine', 'engines', 'redis', 'busybox'))('prune', () => {
  const scope = createScope('prune');
  let engine: Engine;
  let bot: Bot;
  let agent: Agent;
  let witness: Witness;

  beforeAll(async () => {
    const config = join(scope.dir, 'agent.yaml');
    writeFileSync(config, 'min-age: 0s\nprotect: ["keep/*"]\n');
    const [started, redis] = await Promise.all([startEngine(scope, { name: 'host-1' }), startRedis(scope)]);
    engine = started;
    bot = await startBot(redis);
    agent = await startAgent(scope, redis, engine, { DIMG_AGENT_CONFIG: config });
    witness = await startWitness(engine);
  }, 60_000);
  afterEach(() => empty(engine));
  afterAll(async () => {
    witness?.stop();
    await agent?.stop();
    await bot?.close();
    await scope.close();
  });

  const three = () =>
    loadImages(engine.docker, {
      dangling: {
        tags: [],
        layers: [
          { name: 'shared', bytes: 50_000 },
          { name: 'own', bytes: 30_000 },
        ],
      },
      unused: {
        tags: ['app:1'],
        layers: [
          { name: 'shared', bytes: 50_000 },
          { name: 'app', bytes: 20_000 },
        ],
      },
      kept: { tags: ['keep/base:1'], layers: [{ name: 'base', bytes: 10_000 }] },
      used: busyboxImage(['web:1']),
    });

  test('deletes the dangling image and nothing else, to the byte', async () => {
    const ids = await three();
    const before = await witness.snapshot();
    const plan = await bot.plan(prune());
    expect(plan.items.map(({ image }) => image)).toEqual([ids.dangling]);
    const { outcomes, finished } = await bot.execute(plan);
    expect(diff(before, await witness.snapshot())).toMatchObject({
      imagesGone: [ids.dangling],
      tagsGone: [],
    });
    expect(outcomes).toEqual([{ image: ids.dangling, outcome: 'deleted', removed: [], freed: plan.reclaim }]);
    expect(plan.reclaim).toBe(30_000);
    expect(finished.before?.total).toBeGreaterThan(0);
    expect(finished.raced).toEqual([]);
  });

  test('deletes with -a what no container uses and no rule protects, and counts shared layers once', async () => {
    const ids = await three();
    await runContainer(engine.docker, { image: 'web:1', name: 'web-1', state: 'created' });
    const before = await witness.snapshot();
    const plan = await bot.plan(prune({ all: true }));
    expect(plan.kept.map(({ references, reason }) => [references[0], reason.kind])).toEqual([
      ['keep/base:1', 'protected'],
      ['web:1', 'in-use'],
    ]);
    const { outcomes } = await bot.execute(plan);
    const change = diff(before, await witness.snapshot());
    expect(change.imagesGone.toSorted()).toEqual([ids.dangling, ids.unused].toSorted());
    expect(outcomes.reduce((sum, { freed }) => sum + freed, 0)).toBe(plan.reclaim);
    expect(plan.reclaim).toBe(100_000);
    expect(change.containersGone).toEqual([]);
  });
});
