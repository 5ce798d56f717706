import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { buildChild, busyboxImage } from '../../../playground/parts/images.ts';
import { pullImage, pushImage, startRegistry } from '../../../playground/parts/registry.ts';
import { settledStoreSize } from '../../../playground/parts/store-size.ts';
import { diff } from '../../../playground/parts/witness-diff.ts';
import { useHost } from './_host.ts';
import { load, rmi } from './_setup.ts';

const parts = ['engines', 'redis', 'busybox', 'registry'] as const;
describe.skipIf(skipWithout('rmi on a real engine', ...parts))('rmi', () => {
  const host = useHost('rmi');
  const app = (...tags: string[]) =>
    load(host.engine, { app: { tags, layers: [{ name: 'app', bytes: 4000 }] } });

  test('of an ID removes every tag of it, without force', async () => {
    const { app: id } = await app('app:1', 'app:2', 'team/app:latest');
    const size = await settledStoreSize(host.engine);
    const plan = await host.bot.plan(rmi([id.slice(7, 19)]));
    const { outcomes } = await host.bot.execute(plan);
    expect((await host.witness.snapshot()).images).toEqual([]);
    expect(outcomes).toEqual([
      { image: id, outcome: 'deleted', removed: ['app:1', 'app:2', 'team/app:latest'], freed: plan.reclaim },
    ]);
    expect(plan.reclaim).toBe(size - (await settledStoreSize(host.engine)));
    expect(plan.reclaim).toBeGreaterThanOrEqual(4000);
  });

  test('of one tag of several takes that tag away and keeps the image', async () => {
    const { app: id } = await app('app:1', 'app:2');
    const { outcomes } = await host.bot.execute(await host.bot.plan(rmi(['app:1'])));
    expect((await host.witness.snapshot()).images).toMatchObject([{ id, tags: ['app:2'] }]);
    expect(outcomes).toEqual([{ image: id, outcome: 'untagged', removed: ['app:1'], freed: 0 }]);
  });

  test('of a pushed image removes its digests with it, and knows that it can be pulled again', async () => {
    const { docker } = host.engine;
    const registry = await startRegistry(host.scope);
    const ref = `${registry.host}/team/app:1`;
    const { app: id } = await app(ref, 'app:1');
    const digest = await pushImage(docker, ref);
    const plan = await host.bot.plan(rmi([id]));
    expect(plan.items[0]?.recoverable).toBe(`${registry.host}/team/app@${digest}`);
    const { outcomes } = await host.bot.execute(plan);
    expect(outcomes).toMatchObject([{ image: id, outcome: 'deleted', freed: plan.reclaim }]);
    expect((await host.witness.snapshot()).images).toEqual([]);
    expect(await pullImage(docker, ref)).toBe(id);
    await registry.stop();
    const again = await host.bot.plan(rmi([ref]));
    expect(again.items[0]?.recoverable).toBeUndefined();
  });

  test('of an image that was pulled by digest alone deletes it', async () => {
    const { docker } = host.engine;
    const registry = await startRegistry(host.scope);
    const ref = `${registry.host}/team/app:1`;
    await app(ref);
    const digest = `${registry.host}/team/app@${await pushImage(docker, ref)}`;
    await docker.getImage(ref).remove();
    const id = await pullImage(docker, digest);
    const { outcomes } = await host.bot.execute(await host.bot.plan(rmi([digest])));
    expect(outcomes).toMatchObject([{ image: id, outcome: 'deleted', removed: [digest] }]);
    expect((await host.witness.snapshot()).images).toEqual([]);
  });

  test('without force keeps an image under a stopped container; with force deletes it by one request', async () => {
    const { app: id } = await app('app:1', 'app:2');
    await runContainer(host.engine.docker, { image: 'app:1', name: 'old', state: 'created' });
    const unforced = await host.bot.plan(rmi([id]));
    expect(unforced.kept[0]?.reason).toEqual({
      kind: 'in-use',
      by: [{ container: 'old', running: false }],
    });
    const forced = await host.bot.plan(rmi([id], true));
    const { outcomes, finished } = await host.bot.execute(forced);
    expect(outcomes).toMatchObject([{ outcome: 'deleted' }]);
    const after = await host.witness.snapshot();
    expect(after.images).toEqual([]);
    expect(after.containers.map(({ name }) => name)).toEqual(['old']);
    expect(finished.raced).toEqual([]);
  });

  test('with force under a running container takes the references away and frees nothing', async () => {
    const { docker } = host.engine;
    const { web } = await load(host.engine, { web: busyboxImage(['web:1', 'web:2']) });
    await runContainer(docker, { image: 'web:1', name: 'web-1' });
    const before = await host.witness.snapshot();
    const plan = await host.bot.plan(rmi([web], true));
    expect(plan.items).toMatchObject([{ action: 'untag', force: true, reclaim: 0 }]);
    const { outcomes } = await host.bot.execute(plan);
    expect(outcomes).toEqual([{ image: web, outcome: 'untagged', removed: ['web:1', 'web:2'], freed: 0 }]);
    expect(diff(before, await host.witness.snapshot())).toMatchObject({
      imagesGone: [],
      containersGone: [],
      containersChanged: [],
      tagsGone: [`web:1=${web}`, `web:2=${web}`],
    });
  });

  test('keeps an image that another one is built on', async () => {
    const { app: id } = await app('app:1');
    await buildChild(host.engine.docker, 'app:1', { label: 'child', tag: 'child:1' });
    const plan = await host.bot.plan(rmi([id], true));
    expect(plan.items).toEqual([]);
    expect(plan.kept[0]?.reason).toEqual({ kind: 'children', of: ['child:1'] });
  });
});
