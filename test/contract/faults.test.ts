import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runContainer } from '../../playground/parts/containers.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import { type SimulatedEngine, startSimulatedEngine } from '../../playground/simulated/index.ts';
import { type Api, filters, openApi } from './_api.ts';
import { FAMILIES, runnable } from './_catalogue.ts';

/** What only the simulated engine can do: fail as it is told, and be thousands of images large at once. */
describe('a simulated engine', () => {
  let scope: Scope;
  let engine: SimulatedEngine;
  let api: Api;
  beforeEach(async () => {
    scope = createScope('faults');
    engine = await startSimulatedEngine(scope, { name: 'host-1' });
    api = openApi(engine);
  });
  afterEach(() => scope.close());
  const load = () => loadImages(engine.docker, FAMILIES.lone);

  test('fails once, and does nothing', async () => {
    await load();
    engine.failNext('DELETE /images/', 500, 'no space left on device');
    expect((await api.get('/images/json')).status).toBe(200);
    expect(await api.delete('/images/lone:1')).toMatchObject({
      status: 500,
      body: { message: 'no space left on device' },
    });
    expect((await api.delete('/images/lone:1')).status).toBe(200);
  });

  test('cuts an answer in mid-body after doing what it was asked for', async () => {
    await load();
    engine.cut(/^DELETE/);
    await expect(api.delete('/images/lone:1')).rejects.toThrow();
    expect(await api.images()).toEqual([]);
  });

  test('is slow until told otherwise', async () => {
    const stop = engine.slow(80, '/images/json');
    const took = async () => {
      const start = performance.now();
      await api.get('/images/json');
      return performance.now() - start;
    };
    expect(await took()).toBeGreaterThan(75);
    stop();
    expect(await took()).toBeLessThan(75);
  });

  test('that is paused takes requests, and answers when it goes on', async () => {
    await load();
    engine.pause();
    let answered = false;
    const deletion = api.delete('/images/lone:1').then((reply) => {
      answered = true;
      return reply;
    });
    await sleep(50);
    expect(answered).toBe(false);
    engine.resume();
    expect((await deletion).status).toBe(200);
  });

  test('that is killed cuts every connection, does nothing more, and comes back with its images', async () => {
    const { lone } = await load();
    await loadImages(engine.docker, { box: runnable(['box:1']) });
    await runContainer(engine.docker, { image: 'box:1', name: 'web' });
    engine.slow(50, /^DELETE/);
    const deletion = api.delete(`/images/${lone}`);
    const events = api.get('/events');
    await sleep(10);
    await engine.kill();
    await expect(deletion).rejects.toThrow();
    await expect(events).rejects.toThrow();
    await expect(api.get('/_ping')).rejects.toThrow();
    expect(engine.running()).toBe(false);
    await sleep(60);
    await engine.restart();
    expect((await api.get(`/images/${lone}/json`)).status).toBe(200);
    expect((await api.get('/containers/json?all=1')).body).toMatchObject([{ State: 'exited' }]);
    expect((await api.get(`/events?since=1&until=${Math.floor(Date.now() / 1000) + 1}`)).text).toBe('');
  });

  test('has thousands of images at once', async () => {
    const start = performance.now();
    expect(new Set(engine.seed(5000)).size).toBe(5000);
    expect(await api.images()).toHaveLength(5000);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('has just the images that it is given', async () => {
    const [id = ''] = engine.seed([{ tags: ['app:1'], layers: [{ name: 'a', bytes: 10_000_000_000 }] }]);
    expect(await api.images()).toMatchObject([{ Id: id, RepoTags: ['app:1'], Size: 10_000_000_000 }]);
    await runContainer(engine.docker, { image: 'app:1', name: 'web' });
    expect((await api.delete(`/images/${id}`)).status).toBe(409);
  });

  test('has just the build cache that it is given', async () => {
    const [image = ''] = engine.seed([{ tags: ['app:1'], layers: [{ name: 'a', bytes: 1000 }] }]);
    const [lower = '', layer = ''] = engine.seedCache([
      { bytes: 70, description: '[1/2] RUN first', lastUsedAt: new Date(Date.now() - 7_200_000) },
      { bytes: 1000, layerOf: image },
    ]);
    const [upper = '', busy = ''] = engine.seedCache([
      { bytes: 5, parent: lower, usageCount: 3 },
      { bytes: 9, inUse: true },
    ]);
    const prune = async (query: string) =>
      ((await api.post(`/build/prune?${query}`)).body as { CachesDeleted: string[] | null }).CachesDeleted;
    const { BuildCache } = (await api.get('/system/df')).body as { BuildCache: object[] };
    expect(BuildCache).toMatchObject([
      { ID: lower, Description: '[1/2] RUN first', Size: 70, Shared: false },
      { ID: layer, Shared: true },
      { ID: upper, Parent: lower, UsageCount: 3 },
      { ID: busy, InUse: true },
    ]);
    // It is old enough, but something young lies on it.
    expect(await prune(`all=1&${filters({ until: ['1h'] })}`)).toBeNull();
    expect(await prune('')).toEqual([upper, lower]);
    expect((await api.delete(`/images/${image}`)).body).toEqual([{ Untagged: 'app:1' }, { Deleted: image }]);
    expect(await prune('')).toEqual([layer]);
    expect(await prune('all=1')).toBeNull();
  });

  test.each(['20.10', '26.1', '28.5', '28.5-containerd'] as const)('stands for %s', async (release) => {
    const other = await startSimulatedEngine(scope, { name: 'host-2', release });
    const [id = '', nameless = ''] = other.seed([
      { tags: ['app:1'], layers: [{ name: 'a', bytes: 10 }] },
      { layers: [{ name: 'b', bytes: 10 }] },
    ]);
    expect(`${other.info.version} `).toContain(release.replace('-containerd', '.'));
    expect((await openApi(other).images()).map(({ Id }) => Id)).toEqual([id, nameless].sort());
    expect((await openApi(other).delete(`/images/${nameless}`)).status).toBe(200);
  });
});
