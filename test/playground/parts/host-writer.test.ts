import { afterEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { runContainer } from '../../../playground/parts/containers.ts';
import { type Engine, startEngine } from '../../../playground/parts/engine.ts';
import { writeImages } from '../../../playground/parts/host-writer.ts';
import { buildImages, layerFiles } from '../../../playground/parts/image-build.ts';
import { loadImages } from '../../../playground/parts/images.ts';
import { sampleHost } from '../../../playground/parts/sample-host.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { storeSize } from '../../../playground/parts/store-size.ts';

describe.skipIf(skipWithout('written hosts', 'engines'))('a written host', () => {
  const scopes: Scope[] = [];
  afterEach(() => Promise.all(scopes.splice(0).map((scope) => scope.close())));
  const start = async () => {
    const scope = createScope('writer');
    scopes.push(scope);
    return startEngine(scope, { name: 'host-1' });
  };
  const { specs, inUse } = sampleHost(20);

  test('is to the engine what loading the same images makes it', async () => {
    // One of each kind: loading takes its time.
    const kinds = ['0', '11', '13', '17', '18', '19 hidden', '19'];
    const some = Object.fromEntries(Object.entries(specs).filter(([key]) => kinds.includes(key)));
    const [written, loaded] = await Promise.all([start(), start()]);
    await written.stop();
    const ids = writeImages(written, some);
    await written.restart();
    expect(await loadImages(loaded.docker, some)).toEqual(ids);
    const [one, other] = await Promise.all([lookInto(written), lookInto(loaded)]);
    expect(one).toEqual(other);
    expect(await storeSize(written)).toBe(await storeSize(loaded));
    // Not only equal: both are as they were asked for.
    for (const [key, image] of buildImages(some)) {
      const bytes = image.layers
        .flatMap(layerFiles)
        .reduce((sum, { content = '' }) => sum + content.length, 0);
      expect(one.images[ids[key] as string]).toMatchObject({ Size: bytes, RepoTags: [...image.tags].sort() });
    }
  });

  test('gives all its bytes back', async () => {
    const engine = await start();
    await engine.stop();
    writeImages(engine, specs);
    await engine.restart();
    const before = await storeSize(engine);
    expect(before).toBe((await engine.docker.df()).LayersSize);
    const containers = await Promise.all(
      inUse.map((image) => runContainer(engine.docker, { image, state: 'created' })),
    );
    await expect(engine.docker.getImage(inUse[0] as string).remove()).rejects.toThrow(/container/);
    for (const container of containers) await container.remove();
    for (const { tags } of Object.values(specs))
      for (const tag of tags) await engine.docker.getImage(tag).remove();
    const left = await engine.docker.listImages({ all: true });
    for (const { Id } of left) await engine.docker.getImage(Id).remove();
    expect(await engine.docker.listImages({ all: true })).toEqual([]);
    expect(await storeSize(engine)).toBe(0);
  });

  test('is refused where it would not be seen or would harm', async () => {
    const engine = await start();
    expect(() => writeImages(engine, specs)).toThrow(/stop it first/);
    await engine.stop();
    writeImages(engine, specs);
    expect(() => writeImages(engine, specs)).toThrow(/has images already/);
  });
});

/** All that the API tells of images, save folders, which are drawn at random. */
async function lookInto({ docker }: Engine) {
  const list = await docker.listImages({ all: true });
  const images: Record<string, unknown> = {};
  for (const { Id } of list) {
    const { GraphDriver, ...image } = await docker.getImage(Id).inspect();
    const history = await docker.getImage(Id).history();
    const lower = Object.entries(GraphDriver.Data ?? {})
      .find(([name]) => name === 'LowerDir')?.[1]
      .split(':').length;
    images[Id] = { ...image, RepoTags: image.RepoTags.sort(), history, lower };
  }
  const sorted = list.map((image) => ({ ...image, RepoTags: image.RepoTags?.sort() }));
  const { LayersSize, Images } = await docker.df();
  const shares = (Images as { Id: string; SharedSize: number }[]).map(({ Id, SharedSize }) => [
    Id,
    SharedSize,
  ]);
  return { images, list: sorted.sort((a, b) => (a.Id < b.Id ? -1 : 1)), LayersSize, shares: shares.sort() };
}
