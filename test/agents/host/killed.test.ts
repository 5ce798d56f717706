import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ExecuteJob } from '../../../agents/host/verify.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import type { Child } from '../../../playground/parts/child.ts';
import { type Engine, startEngine } from '../../../playground/parts/engine.ts';
import { type Redis, startRedis } from '../../../playground/parts/redis.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { startWitness, type Witness } from '../../../playground/parts/witness.ts';
import { type Between, standBetween } from './_between.ts';
import { spawnAgent } from './_process.ts';
import { type Bot, empty, loadMany, prune, startBot } from './_setup.ts';

describe.skipIf(skipWithout('agents that are killed', 'engines', 'redis'))('an agent that is killed', () => {
  let scope: Scope;
  let engine: Engine;
  let redis: Redis;
  let bot: Bot;
  let witness: Witness;
  let between: Between;
  let state: string;
  let env: Record<string, string>;
  let agent: Child;

  beforeAll(async () => {
    scope = createScope('killed');
    [engine, redis] = await Promise.all([startEngine(scope, { name: 'host-1' }), startRedis(scope)]);
    [bot, witness] = await Promise.all([startBot(redis), startWitness(engine)]);
    between = await standBetween(scope, engine, 'between');
    state = mkdtempSync(join(scope.dir, 'state-'));
    env = { DIMG_AGENT_CONFIG: join(scope.dir, 'agent.yaml') };
    writeFileSync(join(scope.dir, 'agent.yaml'), 'min-age: 0s\n');
    agent = await start();
  }, 60_000);
  afterEach(() => empty(engine));
  afterAll(async () => {
    witness?.stop();
    await bot?.close();
    await scope?.close();
  }, 60_000);

  const start = () => spawnAgent(scope, redis, between.host, state, env);
  const killed = async () => {
    agent.kill('SIGKILL');
    await agent.exited;
  };
  let loads = 0;
  // Images of their own each time: what one test left in doubt is left alone by the next.
  const many = (n: number) => loadMany(engine, n, `load ${++loads} layer`);
  let seen = 0;
  const planned = async (): Promise<ExecuteJob> => {
    seen = witness.events.length;
    return bot.executeJob(await bot.plan(prune({ all: true })));
  };

  /** Every item has one end, which is what the engine has; what was told of it before stays. */
  async function truthful(job: ExecuteJob) {
    const { outcomes } = await bot.finish(job);
    expect(outcomes.map(({ image }) => image).toSorted()).toEqual(
      job.items.map(({ image }) => image).toSorted(),
    );
    const left = new Set((await witness.snapshot()).images.map(({ id }) => id));
    for (const { image, outcome } of outcomes)
      expect([outcome, left.has(image)]).toEqual([outcome, outcome !== 'deleted']);
    const events = witness.events
      .slice(seen)
      .filter(({ action, id }) => action === 'delete' && job.items.some((i) => i.image === id));
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    for (const { epoch } of await bot.said(job.id)) expect(epoch).toBe(job.epoch);
    return outcomes;
  }
  const ends = (outcomes: readonly { outcome: string }[]) =>
    Object.fromEntries(
      ['deleted', 'failed', 'skipped', 'unknown'].map((end) => [
        end,
        outcomes.filter((o) => o.outcome === end).length,
      ]),
    );

  /** As many lanes as there are wait for an answer. */
  const allHeld = () => expect.poll(() => between.held.length).toBe(engine.store === 'containerd' ? 8 : 4);

  test('before the engine hears of a deletion: what it may have heard of stays unknown, and nothing is done again', async () => {
    await many(10);
    const job = await planned();
    between.hold('before', 2);
    await bot.send(job);
    await allHeld();
    await killed();
    between.drop();
    agent = await start();
    const outcomes = await truthful(job);
    const { deleted, unknown, skipped } = ends(outcomes);
    expect(deleted).toBe(2);
    expect(unknown).toBe(between.held.length);
    expect(skipped).toBe(10 - 2 - between.held.length);
    for (const { outcome, why } of outcomes)
      if (outcome !== 'deleted') expect(why).toEqual({ kind: 'restarted' });
    // The same job once more is not done once more, and a new one leaves alone what is in doubt.
    await bot.send(job);
    const next = await bot.execute(await bot.plan(prune({ all: true })));
    expect(ends(next.outcomes)).toEqual({ deleted: skipped, failed: 0, skipped: unknown, unknown: 0 });
    expect(next.outcomes.find(({ outcome }) => outcome === 'skipped')?.why).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('may still be deleting it'),
    });
  });

  test('after the engine has deleted, before it could say so, and the engine with it: they are deleted', async () => {
    await many(10);
    const job = await planned();
    between.hold('after', 2);
    await bot.send(job);
    await between.holds();
    await allHeld();
    await killed();
    await engine.kill();
    between.drop();
    agent = await start();
    expect((await bot.heartbeat())?.problem).not.toBeNull();
    // What is known without the engine is told.
    await expect.poll(async () => (await bot.outcomesOf(job.id)).length).toBeGreaterThanOrEqual(2);
    expect((await bot.reports(job.id)).some(({ body }) => body.kind === 'finished')).toBe(false);
    await engine.restart();
    witness.stop();
    witness = await startWitness(engine);
    seen = 0;
    const { deleted, skipped } = ends(await truthful(job));
    expect([deleted, skipped]).toEqual([2 + between.held.length, 8 - between.held.length]);
  }, 60_000);

  test('after the outcome is known, before Redis has taken it: it is told by the next', async () => {
    await many(3);
    const job = await planned();
    between.hold('before', 0);
    await bot.send(job);
    await between.holds();
    await redis.kill();
    between.release();
    await expect.poll(async () => (await witness.snapshot()).images.length, { timeout: 10_000 }).toBe(0);
    // What the engine has answered is in the journal within a moment.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await killed();
    await redis.restart();
    expect(await bot.outcomesOf(job.id)).toEqual([]);
    agent = await start();
    expect(ends(await truthful(job))).toEqual({ deleted: 3, failed: 0, skipped: 0, unknown: 0 });
  });
});
