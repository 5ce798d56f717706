import { expect, test } from 'vitest';
import { runContainer } from '../../playground/parts/containers.ts';
import { loadImages } from '../../playground/parts/images.ts';
import type { ListedImage } from './_api.ts';
import { FAMILIES, runnable } from './_catalogue.ts';
import { contentSizes, sum } from './_content.ts';
import type { Stage } from './_suite.ts';

type Usage = {
  LayersSize: number;
  Images: ListedImage[] | null;
  Containers: { SizeRw?: number; SizeRootFs: number }[] | null;
  Volumes: object[] | null;
  BuilderSize?: number;
};

/** On a graph driver sizes are those of the files; in the containerd store a disk's blocks come in, which differ from disk to disk. */
export function sizes(stage: Stage): void {
  const { dialect } = stage;
  const FAMILY = { ...FAMILIES.app, ...FAMILIES.dangling, ...FAMILIES.twin, ...FAMILIES.lone };
  const load = () => loadImages(stage.engine.docker, FAMILY);
  const inUnpackedFiles = dialect.listedSize === 'the unpacked files';
  const inspected = async (id: string) =>
    ((await stage.api.get(`/images/${id}/json`)).body as { Size: number }).Size;
  const history = async (id: string) =>
    ((await stage.api.get(`/images/${id}/history`)).body as { Size: number }[]).map(({ Size }) => Size);
  const usage = async (query = '') => (await stage.api.get(`/system/df?${query}`)).body as Usage;

  test('are told by the history, layer by layer', async () => {
    const { app } = await load();
    const layers = await history(app);
    if (dialect.historySize === 'the unpacked files') expect(layers).toEqual([0, 3000, 5000]);
    else {
      expect(layers[0]).toBe(0);
      // The file, the folders that it lies in, and the rest of each block.
      expect(layers[1]).toSatisfy((size: number) => size > 3000 && size % 512 === 0);
      expect(layers[2]).toSatisfy((size: number) => size > 5000 && size % 512 === 0);
    }
  });

  test('of an image are those of its layers, packed or not', async () => {
    const ids = await load();
    const content = contentSizes(FAMILY);
    for (const listed of await stage.api.images()) {
      const [key = 'none'] = Object.entries(ids).find(([, id]) => id === listed.Id) ?? [];
      const unpacked = sum(await history(listed.Id));
      const packed = content.of(key);
      expect(await inspected(listed.Id), key).toBe(
        dialect.inspectedSize === 'the unpacked files' ? unpacked : packed,
      );
      expect(listed.Size, key).toBe(inUnpackedFiles ? unpacked : packed + unpacked);
      expect(listed.VirtualSize, key).toBe(dialect.virtualSize ? listed.Size : undefined);
    }
  });

  test('that are shared are counted by df, and by a list that is asked to', async () => {
    const { app, base, twin, lone } = await load();
    const [, mid = 0, below = 0] = await history(app);
    const [shared = 0] = await history(lone);
    const parent = dialect.sharedWithNameless === 'are shared' ? mid : 0;
    const expected = { [app]: below + parent, [base]: below, [twin]: shared, [lone]: shared };
    const found = (images: readonly ListedImage[] | null) =>
      Object.fromEntries(
        (images ?? []).filter(({ Id }) => Id in expected).map(({ Id, SharedSize }) => [Id, SharedSize]),
      );
    expect(found((await usage()).Images)).toEqual(expected);
    const asked = found(await stage.api.images('shared-size=1'));
    if (dialect.sharedSizeAsked === 'is answered') expect(asked).toEqual(expected);
    else expect(new Set(Object.values(asked))).toEqual(new Set([-1]));
  });

  test('of layers are summed up by df', async () => {
    const { app, twin, dangling } = await load();
    const layers = sum(await history(app)) + sum(await history(twin)) + sum(await history(dangling));
    const before = await usage();
    expect(before).toMatchObject({ Volumes: [] });
    const imagesOnly = dialect.layersSize === 'the layers of images';
    expect(before.LayersSize).toBe(imagesOnly ? layers : layers + contentSizes(FAMILY).all);
    await stage.api.post('/containers/create?name=web', { Image: 'base:1' });
    const after = (await usage()).LayersSize;
    if (imagesOnly) expect(after).toBe(before.LayersSize);
    else expect(after).toBeGreaterThan(before.LayersSize);
  });

  test('come with the names and the containers of each image', async () => {
    const { app, base, dangling } = await load();
    await stage.api.post('/containers/create?name=web', { Image: 'base:1' });
    const df = await usage();
    const of = (id: string) => df.Images?.find(({ Id }) => Id === id);
    expect(of(base)?.Containers).toBe(1);
    expect(of(app)?.Containers).toBe(0);
    expect(of(dangling)?.RepoTags).toEqual(dialect.dfNamelessTags);
    const digests = dialect.dfUnpushedDigests;
    expect(of(app)?.RepoDigests).toEqual(digests === null ? null : [`other/app@${app}`]);
    expect('BuilderSize' in df).toBe(dialect.builderSize);
    expect((df as { BuildCache?: unknown }).BuildCache).toEqual(dialect.emptyCache);
  });

  test('are limited to a type, where they can be', async () => {
    await load();
    const limited = dialect.dfTypes === 'is answered';
    const { Images, Containers } = await usage('type=image');
    expect(Images).toHaveLength(limited && dialect.loadedParents === 'forgotten' ? 6 : 5);
    expect(Containers).toEqual(limited ? null : []);
    const unknown = await stage.api.get('/system/df?type=nope');
    if (limited)
      expect(unknown).toMatchObject({ status: 400, body: { message: 'unknown object type: nope' } });
    else expect(unknown.status).toBe(200);
  });

  test('of containers are told when asked for', async () => {
    const { box } = await loadImages(stage.engine.docker, { box: runnable(['box:1']) });
    await runContainer(stage.engine.docker, { image: 'box:1', name: 'web', state: 'created' });
    const image = sum(await history(box));
    const inspect = async (query: string) =>
      (await stage.api.get(`/containers/web/json?${query}`)).body as { SizeRw?: number; SizeRootFs?: number };
    expect(await inspect('')).not.toHaveProperty('SizeRw');
    const { SizeRw = -1, SizeRootFs } = await inspect('size=1');
    if (dialect.untouchedContainer === 0) expect(SizeRw).toBe(0);
    else expect(SizeRw).toSatisfy((size: number) => size > 0 && size % 512 === 0);
    if (dialect.rootFsSize === 'its image, and what it wrote') expect(SizeRootFs).toBe(image + SizeRw);
    else expect(SizeRootFs).toBeGreaterThan(image + SizeRw);
    const listed = (await stage.api.get('/containers/json?all=1&size=1')).body as Usage['Containers'];
    // Go leaves out what is zero.
    expect(listed?.[0]).toMatchObject({ SizeRootFs, ...(SizeRw > 0 && { SizeRw }) });
    expect('SizeRw' in (listed?.[0] ?? {})).toBe(SizeRw > 0);
    expect((await usage()).Containers?.[0]).toMatchObject({ SizeRootFs });
  });
}
