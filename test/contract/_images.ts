import { expect, test } from 'vitest';
import { buildChild, loadImages } from '../../playground/parts/images.ts';
import { filters } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

const ids = (images: readonly { Id: string }[]) => images.map(({ Id }) => Id).sort();

export function images(stage: Stage): void {
  const load = () =>
    loadImages(stage.engine.docker, { ...FAMILIES.app, ...FAMILIES.dangling, ...FAMILIES.twin });

  test('are listed with names, parents, sizes and labels; nameless parents only when asked for', async () => {
    const { app, base, mid, dangling, twin } = await load();
    const all = await stage.api.images();
    expect(ids(all)).toEqual([app, base, mid, dangling, twin].sort());
    expect(all.find(({ Id }) => Id === app)).toEqual({
      Id: app,
      ParentId: mid,
      RepoTags: ['app:1', 'app:2', 'other/app:1'],
      RepoDigests: null,
      Created: Date.parse('2024-01-01') / 1000,
      Size: 8000,
      VirtualSize: 8000,
      SharedSize: -1,
      Containers: -1,
      Labels: { team: 'shop', tier: '' },
    });
    expect(all.find(({ Id }) => Id === mid)).toMatchObject({
      RepoTags: ['<none>:<none>'],
      RepoDigests: ['<none>@<none>'],
      Labels: null,
    });
    expect(ids(await stage.api.images(''))).toEqual([app, base, dangling, twin].sort());
  });

  test('newest first', async () => {
    await load();
    const created = ((await stage.api.get('/images/json')).body as { Created: number }[]).map(
      ({ Created }) => Created,
    );
    expect(created).toEqual(created.toSorted((a, b) => b - a));
  });

  test('are filtered', async () => {
    const known = await load();
    const cases: [object, (keyof typeof known)[]][] = [
      [{ dangling: ['true'] }, ['dangling']],
      [{ dangling: ['false'] }, ['app', 'base', 'twin']],
      [{ label: ['team'] }, ['app', 'base', 'dangling']],
      [{ label: ['team=web'] }, ['base', 'dangling']],
      [{ label: ['team=shop', 'tier='] }, ['app']],
      [{ label: { 'team=web': true } }, ['base', 'dangling']],
      [{ since: ['app:1'] }, ['twin']],
      [{ before: ['twin'] }, ['app', 'base', 'dangling']],
      [{ reference: ['app'] }, ['app']],
      [{ reference: ['*/app'] }, ['app']],
      [{ reference: ['lone:*', 'base:?'] }, ['base', 'twin']],
      [{ reference: ['*'] }, ['app', 'base', 'twin']],
      [{ reference: ['*'], label: ['team=web'] }, ['base']],
    ];
    for (const [filter, expected] of cases) {
      const listed = await stage.api.images(filters(filter));
      expect(ids(listed), JSON.stringify(filter)).toEqual(expected.map((key) => known[key]).sort());
    }
  });

  test('show only the names that a reference filter fits', async () => {
    await load();
    const [found] = await stage.api.images(filters({ reference: ['app'] }));
    expect(found?.RepoTags).toEqual(['app:1', 'app:2']);
  });

  test('are found by any name, by ID, and by its beginning', async () => {
    const { app, mid } = await load();
    for (const name of [
      'app:2',
      'docker.io/library/app:2',
      app,
      app.slice(7),
      app.slice(0, 19),
      app.slice(7, 19),
    ]) {
      const { status, body } = await stage.api.get(`/images/${name}/json`);
      expect(status, name).toBe(200);
      expect(body, name).toMatchObject({
        Id: app,
        RepoTags: ['app:1', 'app:2', 'other/app:1'],
        RepoDigests: [],
        Parent: mid,
        Created: '2024-01-01T00:00:00Z',
        Size: 8000,
        VirtualSize: 8000,
        Config: { Labels: { team: 'shop', tier: '' }, Cmd: ['/nothing'], Entrypoint: null },
        Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
      });
      expect((body as { RootFS: { Layers: string[] } }).RootFS.Layers, name).toHaveLength(2);
    }
  });

  test('tell their history layer by layer, with ancestors that are images', async () => {
    const { app, mid, base } = await load();
    const line = (CreatedBy: string, Id: string, Size: number, Tags: string[] | null) => ({
      ...{ Comment: '', Created: Date.parse('2024-01-01') / 1000, CreatedBy, Id, Size, Tags },
    });
    expect((await stage.api.get('/images/app:1/history')).body).toEqual([
      line('dimg layer child', app, 0, ['app:1', 'app:2', 'other/app:1']),
      line('dimg layer mid', mid, 3000, null),
      line('dimg layer base', base, 5000, ['base:1']),
    ]);
  });

  test('take a name from another image, which is told when they are loaded', async () => {
    const { lone } = await loadImages(stage.engine.docker, FAMILIES.lone);
    expect((await stage.api.post(`/images/${lone}/tag?repo=twin`)).status).toBe(201);
    await load();
    expect((await stage.api.get('/images/twin/json')).body).not.toMatchObject({ Id: lone });
    expect((await stage.api.get(`/images/${lone}/json`)).body).toMatchObject({ RepoTags: ['lone:1'] });
  });

  test('say when they were tagged here', async () => {
    await load();
    const before = Date.now();
    await stage.api.post('/images/app:1/tag?repo=new&tag=1');
    const { body } = await stage.api.get('/images/new:1/json');
    const at = Date.parse((body as { Metadata: { LastTagTime: string } }).Metadata.LastTagTime);
    expect(Math.abs(at - before)).toBeLessThan(5000);
  });

  test('that are built have a parent and no bytes of their own', async () => {
    const { base } = await load();
    const child = await buildChild(stage.engine.docker, 'base:1', { label: 'x', tag: 'kid:1' });
    const again = await buildChild(stage.engine.docker, 'base:1', { label: 'x', tag: 'kid:2' });
    expect(again).toBe(child);
    expect((await stage.api.images()).find(({ Id }) => Id === child)).toMatchObject({
      ParentId: base,
      RepoTags: ['kid:1', 'kid:2'],
      Size: 5000,
      Labels: { team: 'web', 'dimg.child': 'x' },
    });
    const { body } = await stage.api.get(`/images/${child}/history`);
    expect(body).toMatchObject([
      { CreatedBy: '/bin/sh -c #(nop)  LABEL dimg.child=x', Size: 0 },
      { Id: base },
    ]);
  });

  test('are counted once by df, and what they share is said', async () => {
    const { app, base, twin } = await load();
    const { lone } = await loadImages(stage.engine.docker, FAMILIES.lone);
    await stage.api.post('/containers/create?name=web', { Image: 'base:1' });
    const body = (await stage.api.get('/system/df')).body as { LayersSize: number; Images: { Id: string }[] };
    expect(body).toMatchObject({ LayersSize: 5000 + 3000 + 8 + 7 + 11, Volumes: [] });
    const of = (id: string) => body.Images.find(({ Id }) => Id === id);
    expect(of(app)).toMatchObject({ SharedSize: 5000, Size: 8000, Containers: 0 });
    expect(of(base)).toMatchObject({ SharedSize: 5000, Size: 5000, Containers: 1 });
    expect(of(twin)).toMatchObject({ SharedSize: 7, Size: 18 });
    expect(of(lone)).toMatchObject({ SharedSize: 7, Size: 7 });
  });
}
