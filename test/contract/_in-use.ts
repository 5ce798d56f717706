import { expect, test } from 'vitest';
import { runContainer } from '../../playground/parts/containers.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { saying, short } from './_api.ts';
import { FAMILIES, runnable } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

/** What is refused, and what is not, of images that containers use. */
export function deletionInUse(stage: Stage): void {
  const { dialect } = stage;
  const remove = (name: string, query = '') => stage.api.delete(`/images/${name}?${query}`);
  const conflict = (message: string) => ({
    status: 409,
    body: { message: `conflict: unable to ${message}` },
  });
  const lone = async () => (await loadImages(stage.engine.docker, FAMILIES.lone)).lone;
  const gone = (id: string) => [
    { Deleted: id },
    ...(dialect.rows === 'names and the image' ? [] : [{ Deleted: expect.stringMatching(/^sha256:/) }]),
  ];

  test.each(['created', 'stopped', 'running', 'paused'] as const)('under a %s container', async (state) => {
    const { box } = await loadImages(stage.engine.docker, { box: runnable(['box:1']) });
    const container = await runContainer(stage.engine.docker, {
      image: 'box:1',
      name: 'web',
      state: state === 'paused' ? 'running' : state,
    });
    if (state === 'paused') await container.pause();
    const runs = state === 'running' || state === 'paused';
    const by = runs ? 'running' : 'stopped';
    expect(await remove('box:1')).toMatchObject(
      saying(dialect.usedByName, { name: 'box:1', container: short(container.id), image: short(box) }),
    );
    const refused = conflict(
      `delete ${short(box)} (${runs ? 'cannot' : 'must'} be forced) - image is being used by ${by} container ${short(container.id)}`,
    );
    expect(await remove(box)).toMatchObject(refused);
    if (runs) {
      expect(await remove(box, 'force=1')).toMatchObject(refused);
      expect((await remove('box:1', 'force=1&noprune=1')).body).toEqual([{ Untagged: 'box:1' }]);
      expect(await remove(box, 'force=1')).toMatchObject(refused);
      expect((await stage.api.images()).map(({ Id }) => Id)).toEqual([box]);
    } else {
      expect((await remove(box, 'force=1')).body).toEqual([{ Untagged: 'box:1' }, { Deleted: box }]);
      expect(await stage.api.images()).toEqual([]);
    }
    const [listed] = (await stage.api.get('/containers/json?all=1')).body as object[];
    expect(listed).toMatchObject({ ImageID: box, Image: box, Names: ['/web'] });
  });

  test('by name and force under a stopped container takes the image, or just the name', async () => {
    const id = await lone();
    await stage.api.post('/containers/create?name=web', { Image: 'lone:1' });
    const { body } = await remove('lone:1', 'force=1');
    if (dialect.forcedNameOfStopped === 'takes the image with it') {
      // Its layers stay with the container.
      expect(body).toEqual([{ Untagged: 'lone:1' }, { Deleted: id }]);
      await lone();
      await stage.api.delete('/containers/web');
      expect((await remove('lone:1')).body).toEqual([{ Untagged: 'lone:1' }, ...gone(id)]);
    } else {
      expect(body).toEqual([{ Untagged: 'lone:1' }]);
      expect(await stage.api.images()).toMatchObject([{ Id: id, RepoTags: [] }]);
      expect(await remove(id)).toMatchObject({ status: 409 });
      await stage.api.delete('/containers/web');
      expect((await remove(id)).body).toEqual(gone(id));
    }
  });

  test('of one name of two under a container goes without force', async () => {
    const id = await lone();
    await stage.api.post('/images/lone:1/tag?repo=second&tag=1');
    await stage.api.post('/containers/create?name=web', { Image: 'lone:1' });
    expect((await remove('lone:1')).body).toEqual([{ Untagged: 'lone:1' }]);
    const [container] = (await stage.api.get('/containers/json?all=1')).body as object[];
    expect(container).toMatchObject({ Image: id, ImageID: id });
    expect((await remove('second:1')).status).toBe(409);
  });

  test('of an image that a container mounts', async () => {
    await loadImages(stage.engine.docker, { box: runnable(['box:1']) });
    const image = await lone();
    const made = await stage.api.post('/containers/create?name=web', {
      Image: 'box:1',
      HostConfig: { NetworkMode: 'none', Mounts: [{ Type: 'image', Source: 'lone:1', Target: '/m' }] },
    });
    if (typeof dialect.imageMounts !== 'string') {
      expect(made).toMatchObject(saying(dialect.imageMounts));
      return;
    }
    const { Id } = made.body as { Id: string };
    const [listed] = (await stage.api.get('/containers/json?all=1')).body as { Mounts: object[] }[];
    expect(listed?.Mounts).toMatchObject([{ Type: 'image', Name: 'lone:1', Destination: '/m', RW: false }]);
    expect((await stage.api.get('/containers/web/json')).body).toMatchObject({
      HostConfig: { Mounts: [{ Type: 'image', Source: 'lone:1', Target: '/m' }] },
    });
    await stage.api.post('/containers/web/start');
    expect(await remove('lone:1')).toMatchObject(
      saying(dialect.usedByName, { name: 'lone:1', container: short(Id), image: short(image) }),
    );
    expect((await stage.api.images()).find((found) => found.Id === image)?.Containers).toBe(0);
    expect((await remove(image)).body).toEqual([{ Untagged: 'lone:1' }, { Deleted: image }]);
  });
}
