import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { buildChild, busyboxImage } from '../../../playground/parts/images.ts';
import { settledStoreSize } from '../../../playground/parts/store-size.ts';
import { diff } from '../../../playground/parts/witness-diff.ts';
import { useHost } from './_host.ts';
import { load, prune } from './_setup.ts';

describe.skipIf(skipWithout('prune on a real engine', 'engines', 'redis', 'busybox'))('prune', () => {
  const host = useHost('prune', 'min-age: 0s\nprotect: ["keep/*"]\n');

  const three = () =>
    load(host.engine, {
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
    const before = await host.witness.snapshot();
    const size = await settledStoreSize(host.engine);
    const plan = await host.bot.plan(prune());
    expect(plan.items.map(({ image }) => image)).toEqual([ids.dangling]);
    const { outcomes, finished } = await host.bot.execute(plan);
    expect(diff(before, await host.witness.snapshot())).toMatchObject({
      imagesGone: [ids.dangling],
      tagsGone: [],
    });
    expect(outcomes).toEqual([{ image: ids.dangling, outcome: 'deleted', removed: [], freed: plan.reclaim }]);
    expect(plan.reclaim).toBe(size - (await settledStoreSize(host.engine)));
    expect(plan.reclaim).toBeGreaterThanOrEqual(30_000);
    expect(finished.before?.total).toBeGreaterThan(0);
    expect(finished.raced).toEqual([]);
  });

  test('deletes with -a what no container uses and no rule protects, and counts shared layers once', async () => {
    const ids = await three();
    await runContainer(host.engine.docker, { image: 'web:1', name: 'web-1', state: 'created' });
    const before = await host.witness.snapshot();
    const size = await settledStoreSize(host.engine);
    const plan = await host.bot.plan(prune({ all: true }));
    expect(plan.kept.map(({ references, reason }) => [references[0], reason.kind])).toEqual([
      ['keep/base:1', 'protected'],
      ['web:1', 'in-use'],
    ]);
    const { outcomes } = await host.bot.execute(plan);
    const change = diff(before, await host.witness.snapshot());
    expect(change.imagesGone.toSorted()).toEqual([ids.dangling, ids.unused].toSorted());
    expect(outcomes.reduce((sum, { freed }) => sum + freed, 0)).toBe(plan.reclaim);
    expect(plan.reclaim).toBe(size - (await settledStoreSize(host.engine)));
    expect(plan.reclaim).toBeGreaterThanOrEqual(100_000);
    expect(change.containersGone).toEqual([]);
  });

  test('deletes a chain of images, children before their parents', async () => {
    const { docker } = host.engine;
    await load(host.engine, { base: { tags: ['base:1'], layers: [{ name: 'base', bytes: 5000 }] } });
    const middle = await buildChild(docker, 'base:1', { label: 'middle' });
    await buildChild(docker, middle, { label: 'top', tag: 'top:1' });
    const plan = await host.bot.plan(prune({ all: true }));
    expect(plan.items).toHaveLength(3);
    expect(plan.items.map(({ references }) => references[0])).toEqual(['top:1', undefined, 'base:1']);
    const { outcomes } = await host.bot.execute(plan);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['deleted', 'deleted', 'deleted']);
    expect((await host.witness.snapshot()).images).toEqual([]);
  });

  test('keeps a parent, untagged or not, whose child is used', async () => {
    const { docker } = host.engine;
    await load(host.engine, { base: { tags: ['base:1'], layers: [{ name: 'base', bytes: 5000 }] } });
    const middle = await buildChild(docker, 'base:1', { label: 'middle' });
    await buildChild(docker, middle, { label: 'top', tag: 'top:1' });
    await runContainer(docker, { image: 'top:1', name: 'top-1', state: 'created' });
    const plan = await host.bot.plan(prune({ all: true }));
    expect(plan.items).toEqual([]);
    expect(plan.kept.find(({ references }) => references[0] === 'base:1')?.reason).toEqual({
      kind: 'children',
      of: ['top:1'],
    });
  });

  test('tells in its heartbeat what a prune would free, and anew after an execution', async () => {
    await three();
    const plan = await host.bot.plan(prune({ all: true }));
    await host.bot.execute(plan);
    await expect
      .poll(async () => (await host.bot.heartbeat())?.counts, { timeout: 5000 })
      .toMatchObject({ images: 1, dangling: 0, containers: 0, reclaimable: 0 });
    expect(await host.bot.heartbeat()).toMatchObject({
      engine: { api: expect.stringMatching(/^1\.\d+$/), store: host.engine.store },
      problem: null,
    });
  });
});
