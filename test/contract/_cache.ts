import { afterEach, expect, test } from 'vitest';
import { filters, saying } from './_api.ts';
import { buildKit } from './_make.ts';
import type { Stage } from './_suite.ts';

type Cache = {
  ID: string;
  Type: string;
  Description: string;
  InUse: boolean;
  Shared: boolean;
  Size: number;
  CreatedAt: string;
  LastUsedAt: string;
  UsageCount: number;
  Parent?: string;
  ' Parents'?: string[];
};
type Pruned = { CachesDeleted: string[] | null; SpaceReclaimed: number };

/** BuildKit's cache: what a build leaves behind besides its image. */
export function cache(stage: Stage): void {
  const { dialect } = stage;
  afterEach(() => prune('all=1'));
  const prune = (query: string) => stage.api.post(`/build/prune?${query}`);
  const pruned = async (query: string) => (await prune(query)).body as Pruned;
  const df = async (path = '/system/df') =>
    (await stage.api.get(path)).body as {
      BuildCache: Cache[] | null;
      LayersSize: number;
      BuilderSize?: number;
    };
  const records = async () => (await df()).BuildCache ?? [];
  const sizeOf = (found: readonly Cache[]) => found.reduce((sum, { Size }) => sum + Size, 0);
  const idsOf = (found: readonly Cache[]) => found.map(({ ID }) => ID).sort();
  /** The context as it was sent, what was read of it, and the one layer. */
  const build = async () => {
    const image = await buildKit(stage.api, 'FROM scratch\nCOPY a /a\n', 'bk:1', { a: 'x'.repeat(1000) });
    const all = await records();
    const layer = all.find(({ Shared }) => Shared);
    if (!layer) throw new Error('The build left no record of its layer.');
    return { image, all, layer, others: all.filter(({ ID }) => ID !== layer.ID) };
  };

  test('is listed by df, record by record', async () => {
    const { all } = await build();
    expect(all).toHaveLength(3);
    for (const record of all)
      expect(record).toMatchObject({
        ID: expect.stringMatching(/^[0-9a-z]{25}$/),
        Type: 'regular',
        Description: expect.any(String),
        InUse: false,
        Size: expect.any(Number),
        UsageCount: expect.any(Number),
      });
    const [record] = all;
    expect(Math.abs(Date.parse(record?.CreatedAt ?? '') - Date.now())).toBeLessThan(20_000);
    expect(Date.parse(record?.LastUsedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(record?.CreatedAt ?? ''));
    if (dialect.builderSize) expect((await df()).BuilderSize).toBe(sizeOf(all));
  });

  test('tells ancestors, in a field of its own spelling', async () => {
    await buildKit(stage.api, 'FROM scratch\nCOPY a /a\nCOPY b /b\n', 'bk:1', { a: 'x', b: 'y' });
    const layers = (await records()).filter(({ Shared }) => Shared);
    const old = dialect.cacheParent === '`Parent`';
    const parentOf = (record: Cache) => (old ? record.Parent || undefined : record[' Parents']?.[0]);
    const [upper] = layers.filter(parentOf);
    const [lower] = layers.filter((record) => !parentOf(record));
    expect(layers).toHaveLength(2);
    expect(parentOf(upper as Cache)).toBe(lower?.ID);
    for (const record of layers) expect('Parent' in record).toBe(old);
  });

  test('is listed alone when asked for alone, where that works', async () => {
    const { all } = await build();
    const { dfCacheAlone } = dialect;
    const path = '/v1.43/system/df?type=build-cache';
    if (dfCacheAlone === 'breaks the connection') await expect(stage.api.get(path)).rejects.toThrow();
    else if (dfCacheAlone === 'is answered')
      expect(idsOf((await df(path)).BuildCache ?? [])).toEqual(idsOf(all));
    else
      expect(await stage.api.get(path)).toMatchObject({
        status: 400,
        body: { message: 'client version 1.43 is too new. Maximum supported API version is 1.41' },
      });
  });

  test('is pruned but for layers that images have, or with those', async () => {
    const { others, layer } = await build();
    const first = await pruned('');
    expect(first.CachesDeleted?.toSorted()).toEqual(idsOf(others));
    expect(first.SpaceReclaimed).toBe(sizeOf(others));
    expect(await pruned('all=1')).toEqual({ CachesDeleted: [layer.ID], SpaceReclaimed: layer.Size });
    expect(await pruned('all=1')).toEqual({ CachesDeleted: null, SpaceReclaimed: 0 });
    expect((await df()).BuildCache).toEqual(dialect.emptyCache);
    expect(await stage.api.images()).toMatchObject([{ RepoTags: ['bk:1'] }]);
  });

  test('keeps the layers of an image that is deleted', async () => {
    const { image, layer } = await build();
    const { body } = await stage.api.delete('/images/bk:1');
    // No row for the layer, on any engine.
    expect(body).toEqual([{ Untagged: 'bk:1' }, { Deleted: image }]);
    expect((await records()).find(({ ID }) => ID === layer.ID)).toMatchObject({ Shared: false });
    const { LayersSize } = await df();
    if (dialect.cachedLayers === 'count no more in `LayersSize`') expect(LayersSize).toBe(0);
    else expect(LayersSize).toBeGreaterThan(layer.Size);
    expect((await pruned('')).CachesDeleted).toHaveLength(3);
  });

  test('is pruned by a pattern of IDs', async () => {
    const { all, layer, others } = await build();
    const ids = others.map(({ ID }) => ID);
    const byId = (...values: string[]) => filters({ id: values });
    const refused = {
      status: 400,
      body: { message: 'failed to prune build cache: filters expect only one value' },
    };
    expect(await prune(`all=1&${byId(...ids)}`)).toMatchObject(refused);
    expect(await pruned(`all=1&${byId('nothing')}`)).toEqual({ CachesDeleted: null, SpaceReclaimed: 0 });
    // Without `all` a layer of an image stays, also when it is named.
    expect((await pruned(byId(layer.ID))).CachesDeleted).toBeNull();
    expect(idsOf(await records())).toEqual(idsOf(all));
    expect((await pruned(`all=1&${byId(layer.ID.slice(0, 20))}`)).CachesDeleted).toEqual([layer.ID]);
    expect((await pruned(`all=1&${byId(`^(${ids.join('|')})$`)}`)).CachesDeleted?.toSorted()).toEqual(
      ids.sort(),
    );
  });

  test('is pruned by its last use', async () => {
    const { all } = await build();
    expect(await pruned(`all=1&${filters({ until: ['1h'] })}`)).toEqual({
      CachesDeleted: null,
      SpaceReclaimed: 0,
    });
    const at = `all=1&${filters({ until: ['2020-01-01T00:00:00Z'] })}`;
    if (dialect.cacheUntil === 'a duration') expect((await prune(at)).status).toBe(500);
    else expect(await pruned(at)).toEqual({ CachesDeleted: null, SpaceReclaimed: 0 });
    expect(await prune(`all=1&${filters({ until: ['soon'] })}`)).toMatchObject(saying(dialect.cacheBadUntil));
    expect(await prune(`all=1&${filters({ until: ['1h', '2h'] })}`)).toMatchObject({
      status: 400,
      body: { message: 'failed to prune build cache: filters expect only one value' },
    });
    expect(idsOf(await records())).toEqual(idsOf(all));
  });

  test('is pruned by everything else than labels, which are passed over', async () => {
    const { all } = await build();
    expect(await prune(`all=1&${filters({ nope: ['x'] })}`)).toMatchObject(saying(dialect.cacheUnknown));
    expect(await prune('all=1&filters=garbage')).toMatchObject(saying(dialect.cacheGarbage));
    expect((await pruned(`all=1&${filters({ type: ['frontend'] })}`)).CachesDeleted).toBeNull();
    expect((await pruned(`all=1&${filters({ label: ['x'] })}`)).CachesDeleted?.toSorted()).toEqual(
      idsOf(all),
    );
  });
}
