import { describe, expect, test } from 'vitest';
import { openDoubts } from '../../../agents/host/doubts.ts';
import { hostFinder } from '../../../agents/host/host-work.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { buildWithCache, cacheRecords } from '../../../playground/parts/buildkit.ts';
import { settledStoreSize } from '../../../playground/parts/store-size.ts';
import type { ReportBody } from '../../../src/domain/protocol.ts';
import { direct } from './_direct.ts';
import { temporaryFolder } from './_folder.ts';
import { useHost } from './_host.ts';
import { jobOf, openIn } from './_journal.ts';
import { load, prune } from './_setup.ts';

describe.skipIf(skipWithout('the build cache of a real engine', 'engines', 'redis'))('build cache', () => {
  const host = useHost('cache');
  const files = (...sizes: number[]) => sizes.map((bytes, i) => ({ name: `f${i}-${bytes}`, bytes }));
  const records = async () => (await cacheRecords(host.engine)).map(({ ID }) => ID).sort();
  const without = async () => {
    await host.engine.docker.pruneImages({ filters: JSON.stringify({ dangling: ['false'] }) });
    await host.bot.execute(await host.bot.plan(prune({ all: true, buildCache: true })));
    expect(await records()).toEqual([]);
  };

  test('holds the layers of an image that was built, so that deleting the image frees nothing of them', async () => {
    await buildWithCache(host.engine, { tag: 'built:1', files: files(300_000, 200_000) });
    const cached = await records();
    const before = await settledStoreSize(host.engine);
    const plan = await host.bot.plan(prune({ all: true }));
    expect(plan.items.map(({ references }) => references)).toEqual([['built:1']]);
    const { outcomes } = await host.bot.execute(plan);
    expect(outcomes).toMatchObject([{ outcome: 'deleted', freed: plan.reclaim }]);
    const freed = before - (await settledStoreSize(host.engine));
    // On the containerd store it was unpacked once more for itself, and BuildKit keeps its manifest.
    expect(Math.abs(plan.reclaim - freed)).toBeLessThanOrEqual(host.engine.store === 'containerd' ? 4096 : 0);
    if (host.engine.store === 'graph driver') expect(plan.reclaim).toBe(0);
    expect(await records()).toEqual(cached);
    await without();
  });

  test('goes with the image by exact records, and what both held is counted once', async () => {
    await buildWithCache(host.engine, { tag: 'built:1', files: files(300_000, 200_000) });
    await load(host.engine, { app: { tags: ['app:1'], layers: [{ name: 'app', bytes: 50_000 }] } });
    const cached = await records();
    const before = await settledStoreSize(host.engine);
    const plan = await host.bot.plan(prune({ all: true, buildCache: true }));
    expect(plan.cache.map(({ id }) => id).sort()).toEqual(cached);
    const { outcomes, cache } = await host.bot.execute(plan);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['deleted', 'deleted']);
    expect(cache).toMatchObject({ deleted: cached.length, skipped: 0, failed: 0 });
    expect(await records()).toEqual([]);
    const freed = before - (await settledStoreSize(host.engine));
    expect(Math.abs(plan.reclaim - freed)).toBeLessThanOrEqual(0.01 * freed);
  });

  test('without -a keeps what images share with it, and takes the rest', async () => {
    await buildWithCache(host.engine, { tag: 'built:1', files: files(300_000, 200_000) });
    const before = await settledStoreSize(host.engine);
    const plan = await host.bot.plan(prune({ buildCache: true }));
    expect(plan.items).toEqual([]);
    expect(plan.cache.length).toBeGreaterThan(0);
    const { cache } = await host.bot.execute(plan);
    expect(cache).toMatchObject({ deleted: plan.cache.length });
    const left = await records();
    expect(left.length).toBeGreaterThan(0);
    expect(left.some((id) => plan.cache.some((record) => record.id === id))).toBe(false);
    const freed = before - (await settledStoreSize(host.engine));
    expect(Math.abs(plan.reclaim - freed)).toBeLessThanOrEqual(0.01 * freed);
    // A build of the same is served from what was kept.
    await buildWithCache(host.engine, { tag: 'built:2', files: files(300_000, 200_000) });
    await without();
  });

  test('leaves records alone that a build has used since the plan', async () => {
    await buildWithCache(host.engine, { tag: 'built:1', files: files(300_000) });
    await host.engine.docker.getImage('built:1').remove();
    const plan = await host.bot.plan(prune({ all: true, buildCache: true }));
    // The very same build: no record has a child more, but all were used.
    await buildWithCache(host.engine, { tag: 'built:2', files: files(300_000) });
    const usedSince = async () => {
      const used = new Map((await cacheRecords(host.engine)).map(({ ID, LastUsedAt }) => [ID, LastUsedAt]));
      return plan.cache.filter(({ id, usedAt }) => Date.parse(used.get(id) ?? '') > usedAt);
    };
    // The builder writes that down a moment after it has told that it is done.
    await expect.poll(async () => (await usedSince()).length, { timeout: 10_000 }).toBeGreaterThan(0);
    const since = await usedSince();
    const { cache } = await host.bot.execute(plan);
    expect(cache?.skipped).toBeGreaterThanOrEqual(since.length);
    expect(await records()).toEqual(expect.arrayContaining(since.map(({ id }) => id)));
    await without();
  });

  test('leaves records alone that a build has made its own by then, and says so', async () => {
    await buildWithCache(host.engine, { tag: 'built:1', files: files(300_000) });
    await host.engine.docker.getImage('built:1').remove();
    const plan = await host.bot.plan(prune({ all: true, buildCache: true }));
    // Built on what is planned: the records have children now.
    await buildWithCache(host.engine, { tag: 'built:2', files: files(300_000, 100_000) });
    const { cache } = await host.bot.execute(plan);
    expect((cache?.deleted ?? 0) + (cache?.skipped ?? 0)).toBe(plan.cache.length);
    expect(cache?.skipped).toBeGreaterThan(0);
    await host.engine.docker.getImage('built:2').inspect();
    await without();
  });

  test('is counted by what is left of it where an agent was killed in its middle', async () => {
    await buildWithCache(host.engine, { tag: 'built:1', files: files(300_000, 200_000) });
    await host.engine.docker.getImage('built:1').remove();
    const { cache } = await host.bot.plan(prune({ all: true, buildCache: true }));
    const { engine } = direct(host.engine);
    const journal = await openIn(temporaryFolder());
    const job = { ...jobOf(1, 0), cache };
    await journal.accept(job);
    await journal.note({ t: 'cache', at: 1, job: job.id, ids: cache.map(({ id }) => id) });
    const freed = await engine.removeRecord(cache[0]?.id ?? '');
    await journal.note({ t: 'freed', job: job.id, id: cache[0]?.id ?? '', bytes: freed ?? 0 });
    await engine.removeRecord(cache[1]?.id ?? '');
    const said: ReportBody[] = [];
    const doubts = openDoubts({
      ...{ journal, finder: hostFinder(engine), log: { debug() {}, info() {}, warn() {}, error() {} } },
      outbox: { say: async (_, body) => void said.push(body) },
      clock: { now: () => 1, sleep: async () => {} },
      monotonic: () => 1,
    });
    await doubts.look();
    expect(said.find(({ kind }) => kind === 'cache')).toEqual({
      kind: 'cache',
      cache: { deleted: 2, skipped: cache.length - 2, failed: 0, freed, why: { kind: 'restarted' } },
    });
    await without();
  });
});
