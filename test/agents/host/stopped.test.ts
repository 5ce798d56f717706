import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { busyboxImage } from '../../../playground/parts/images.ts';
import { diff } from '../../../playground/parts/witness-diff.ts';
import { useHost } from './_host.ts';
import { load, prune } from './_setup.ts';

describe.skipIf(skipWithout('stopped containers on a real engine', 'engines', 'redis', 'busybox'))(
  'stopped containers',
  () => {
    const host = useHost('stopped');
    const all = prune({ all: true, stoppedContainers: 0 });
    const docker = () => host.engine.docker;
    const two = () =>
      load(host.engine, {
        job: busyboxImage(['job:1', 'job:2'], { layers: [{ name: 'job', bytes: 40_000 }] }),
        web: busyboxImage(['web:1'], { layers: [{ name: 'web', bytes: 30_000 }] }),
      });

    test('go first with their images, and others with theirs stay', async () => {
      const { job, web } = await two();
      await runContainer(docker(), {
        image: 'job:1',
        name: 'done',
        state: 'stopped',
        cmd: ['dd', 'if=/dev/zero', 'of=/big', 'bs=1000', 'count=70'],
      });
      await runContainer(docker(), { image: 'job:2', name: 'made', state: 'created' });
      await runContainer(docker(), { image: 'web:1', name: 'web-1' });
      await runContainer(docker(), { image: 'web:1', name: 'web-old', state: 'stopped' });
      const before = await host.witness.snapshot();
      const plan = await host.bot.plan(all);
      expect(
        plan.items.map(({ image, containers }) => [image, containers.map(({ name }) => name).sort()]),
      ).toEqual([[job, ['done', 'made']]]);
      expect(plan.items[0]?.reclaim).toBeGreaterThanOrEqual(110_000);
      expect(plan.kept.map(({ image, reason }) => [image, reason.kind])).toEqual([[web, 'in-use']]);
      const { outcomes } = await host.bot.execute(plan);
      expect(outcomes).toMatchObject([
        { outcome: 'deleted', containers: expect.arrayContaining(['done', 'made']) },
      ]);
      expect(outcomes[0]?.freed).toBe(plan.reclaim);
      expect(diff(before, await host.witness.snapshot())).toMatchObject({
        imagesGone: [job],
        containersGone: expect.arrayContaining(['done', 'made']),
        containersChanged: [],
      });
      expect((await host.witness.snapshot()).containers.map(({ name }) => name).sort()).toEqual([
        'web-1',
        'web-old',
      ]);
    });

    test('that were started since the plan stay, and so does the image', async () => {
      const { job } = await two();
      const done = await runContainer(docker(), {
        image: 'job:1',
        name: 'done',
        state: 'stopped',
        cmd: ['sleep', '0'],
      });
      const made = await runContainer(docker(), { image: 'web:1', name: 'made', state: 'created' });
      const plan = await host.bot.plan(all);
      expect(plan.items).toHaveLength(2);
      // One has run once more and ended, the other runs.
      await done.start();
      await done.wait();
      await made.start();
      const before = await host.witness.snapshot();
      const { outcomes } = await host.bot.execute(plan);
      const why = new Map(outcomes.map((one) => [one.image, one]));
      expect(why.get(job)).toMatchObject({
        outcome: 'skipped',
        why: { kind: 'containers', container: 'done' },
      });
      expect([...why.values()].find(({ image }) => image !== job)).toMatchObject({
        outcome: 'skipped',
        why: { kind: 'in-use', by: [{ container: 'made', running: true }] },
      });
      expect(diff(before, await host.witness.snapshot())).toMatchObject({
        imagesGone: [],
        containersGone: [],
        tagsGone: [],
      });
    });

    test('that nobody planned keep the image', async () => {
      await two();
      await runContainer(docker(), { image: 'job:1', name: 'done', state: 'stopped' });
      const plan = await host.bot.plan(all);
      await runContainer(docker(), { image: 'job:1', name: 'late', state: 'created' });
      const before = await host.witness.snapshot();
      const { outcomes } = await host.bot.execute(plan);
      expect(outcomes.find(({ outcome }) => outcome === 'skipped')).toMatchObject({
        why: { kind: 'in-use', by: [{ container: 'late', running: false }] },
      });
      expect(diff(before, await host.witness.snapshot()).containersGone).toEqual([]);
    });

    test('that are gone by then are no hindrance', async () => {
      const { job } = await two();
      const done = await runContainer(docker(), { image: 'job:1', name: 'done', state: 'stopped' });
      const plan = await host.bot.plan(all);
      await done.remove();
      const { outcomes } = await host.bot.execute(plan);
      expect(outcomes.find(({ image }) => image === job)).toMatchObject({ outcome: 'deleted' });
    });

    test('on images that went before them hold their layers, which are not promised again', async () => {
      const { docker: engine } = host.engine;
      await load(host.engine, {
        old: {
          tags: ['old:1'],
          layers: [
            { name: 'shared', bytes: 60_000 },
            { name: 'old', bytes: 20_000 },
          ],
        },
        young: {
          tags: ['young:1'],
          layers: [
            { name: 'shared', bytes: 60_000 },
            { name: 'young', bytes: 10_000 },
          ],
        },
      });
      await runContainer(engine, { image: 'old:1', name: 'orphan', state: 'created' });
      await engine.getImage('old:1').remove({ force: true });
      const plan = await host.bot.plan(prune({ all: true }));
      expect(plan.items.map(({ references }) => references[0])).toContain('young:1');
      const young = plan.items.find(({ references }) => references[0] === 'young:1');
      if (host.engine.store === 'graph driver') expect(young?.reclaim).toBe(10_000);
      const { outcomes } = await host.bot.execute(plan);
      expect(outcomes.reduce((sum, { freed }) => sum + freed, 0)).toBe(plan.reclaim);
    });
  },
);

describe.skipIf(skipWithout('a host that forbids it', 'engines', 'redis', 'busybox'))('a host', () => {
  const host = useHost('forbids', 'min-age: 0s\nallow: { stopped-containers: false, build-cache: false }\n');

  test('may forbid that containers are removed, and build cache is deleted', async () => {
    await load(host.engine, { job: busyboxImage(['job:1']) });
    await runContainer(host.engine.docker, { image: 'job:1', name: 'done', state: 'stopped' });
    const plan = await host.bot.plan(prune({ all: true, stoppedContainers: 0, buildCache: true }));
    expect(plan.items).toEqual([]);
    expect(plan.problems).toEqual([
      { kind: 'not-allowed', what: 'stopped-containers' },
      { kind: 'not-allowed', what: 'build-cache' },
    ]);
  });
});

describe.skipIf(skipWithout('limits of a host', 'engines', 'redis'))('a host with limits', () => {
  const host = useHost('limits', 'min-age: 0s\nlimits: { per-hour: { images: 3 } }\n');

  test('deletes no more than that in an hour, whatever is asked', async () => {
    await load(
      host.engine,
      Object.fromEntries(
        Array.from({ length: 5 }, (_, i) => [
          `i${i}`,
          { tags: [`app:${i}`], layers: [{ name: `l${i}`, bytes: 100 }] },
        ]),
      ),
    );
    const plan = await host.bot.plan(prune({ all: true }));
    expect(plan.items).toHaveLength(3);
    expect(plan.kept.map(({ reason }) => reason.kind)).toEqual(['limit', 'limit']);
    // Two plans, each within the limit, are not within it together.
    const other = await host.bot.plan(prune({ all: true, notRepos: ['nothing'] }));
    await host.bot.execute(plan);
    const { outcomes } = await host.bot.execute(other);
    expect(outcomes.filter(({ outcome }) => outcome === 'deleted')).toEqual([]);
    expect((await host.witness.snapshot()).images).toHaveLength(2);
    expect((await host.bot.plan(prune({ all: true }))).items).toEqual([]);
  });
});
