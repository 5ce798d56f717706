import { expect, test } from 'vitest';
import { imageArchive } from '../../playground/parts/image-archive.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { filters, type ListedImage } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import { load as loadRaw } from './_make.ts';
import type { Stage } from './_suite.ts';

export function images(stage: Stage): void {
  const { dialect } = stage;
  const load = () =>
    loadImages(stage.engine.docker, { ...FAMILIES.app, ...FAMILIES.dangling, ...FAMILIES.twin });
  const inspect = async (name: string) =>
    (await stage.api.get(`/images/${name}/json`)).body as Record<string, unknown> & { Id: string };
  const madeUp = dialect.unpushedDigests === 'one is made up, for the last of its names';

  test('are called by a digest', async () => {
    await loadImages(stage.engine.docker, FAMILIES.lone);
    const { ids, manifests } = imageArchive(FAMILIES.lone);
    expect((await inspect('lone:1')).Id).toBe(
      (dialect.imageId === 'the configuration' ? ids : manifests).lone,
    );
  });

  test('are listed with names, parents and labels', async () => {
    const { app, mid } = await load();
    const all = await stage.api.images();
    expect(all.find(({ Id }) => Id === app)).toEqual({
      Id: app,
      ParentId: dialect.loadedParents === 'kept' ? mid : '',
      RepoTags: ['app:1', 'app:2', 'other/app:1'],
      RepoDigests: madeUp ? [`other/app@${app}`] : dialect.unpushedDigests,
      Created: Date.parse('2024-01-01') / 1000,
      Size: expect.any(Number),
      ...(dialect.virtualSize && { VirtualSize: expect.any(Number) }),
      SharedSize: -1,
      Containers: dialect.listedContainers === 'counted' ? 0 : -1,
      Labels: { team: 'shop', tier: '' },
      ...(dialect.descriptor && { Descriptor: expect.objectContaining({ digest: app }) }),
    });
    expect(all.find(({ Id }) => Id === mid)).toMatchObject({
      RepoTags: dialect.namelessTags,
      RepoDigests: dialect.namelessDigests,
      Labels: null,
    });
  });

  test('are counted with their containers, where lists count', async () => {
    const { app } = await load();
    await stage.api.post('/containers/create?name=web', { Image: 'app:1' });
    const listed = (await stage.api.images()).find(({ Id }) => Id === app);
    expect(listed?.Containers).toBe(dialect.listedContainers === 'counted' ? 1 : -1);
  });

  test('are listed in the old shape to those who ask in an old API', async () => {
    const { mid, app } = await load();
    const listed = (await stage.api.get('/v1.41/images/json?all=1')).body as ListedImage[];
    expect(listed.find(({ Id }) => Id === mid)).toMatchObject({
      RepoTags: ['<none>:<none>'],
      RepoDigests: ['<none>@<none>'],
      Containers: -1,
    });
    const old = listed.find(({ Id }) => Id === app);
    expect(old?.VirtualSize).toBe(old?.Size);
  });

  test('newest first', async () => {
    await load();
    const created = ((await stage.api.get('/images/json')).body as { Created: number }[]).map(
      ({ Created }) => Created,
    );
    expect(created).toEqual(created.toSorted((a, b) => b - a));
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
      const body = await inspect(name);
      expect(body, name).toMatchObject({
        Id: app,
        RepoTags: ['app:1', 'app:2', 'other/app:1'],
        RepoDigests:
          dialect.unpushedDigestsInspected === 'one is made up for each of its repositories'
            ? [`app@${app}`, `other/app@${app}`]
            : dialect.unpushedDigestsInspected,
        Parent: dialect.loadedParents === 'kept' ? mid : '',
        Created: '2024-01-01T00:00:00Z',
        Config: { Labels: { team: 'shop', tier: '' }, Cmd: ['/nothing'], Entrypoint: null },
      });
      expect('VirtualSize' in body, name).toBe(dialect.virtualSize);
      expect((body as unknown as { RootFS: { Layers: string[] } }).RootFS.Layers, name).toHaveLength(2);
    }
  });

  test('tell when they were tagged here', async () => {
    await load();
    const taggedAt = async (name: string) =>
      ((await inspect(name)).Metadata as { LastTagTime: string }).LastTagTime;
    const recently = (at: string) => Math.abs(Date.parse(at) - Date.now()) < 5000;
    const loaded = await taggedAt('app:1');
    if (dialect.tagTimeOfLoad === 'never') expect(loaded).toBe('0001-01-01T00:00:00Z');
    else expect(loaded).toSatisfy(recently);
    await stage.api.post('/images/app:1/tag?repo=new&tag=1');
    expect(await taggedAt('new:1')).toSatisfy(recently);
  });

  test('take a name from another image when they are loaded', async () => {
    const { lone } = await loadImages(stage.engine.docker, FAMILIES.lone);
    expect((await stage.api.post(`/images/${lone}/tag?repo=twin`)).status).toBe(201);
    const told = `The image twin:latest already exists, renaming the old one with ID ${lone} to empty string\n`;
    const { body } = await loadRaw(stage.api, FAMILIES.twin);
    const lines = (body as { stream: string }[]).map(({ stream }) => stream);
    expect(lines.includes(told)).toBe(dialect.loadTellsOfMoves);
    expect((await inspect('twin')).Id).not.toBe(lone);
    expect(await inspect(lone)).toMatchObject({ RepoTags: ['lone:1'] });
  });

  test('that are loaded again are one image still, with a nameless record beside or without', async () => {
    const { lone } = await loadImages(stage.engine.docker, FAMILIES.lone);
    await loadImages(stage.engine.docker, FAMILIES.lone);
    expect(await stage.api.images()).toMatchObject([{ Id: lone, RepoTags: ['lone:1'] }]);
    const beside = dialect.loadAgain !== 'changes nothing';
    const dangling = await stage.api.images(filters({ dangling: ['true'] }));
    expect(dangling).toMatchObject(beside ? [{ Id: lone, RepoTags: [] }] : []);
    expect((await stage.api.post('/images/prune')).body).toEqual({
      ImagesDeleted: beside ? [{ Untagged: lone }] : null,
      SpaceReclaimed: 0,
    });
    expect(await stage.api.images()).toMatchObject([{ Id: lone, RepoTags: ['lone:1'] }]);
  });
}
