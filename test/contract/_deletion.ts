import { expect, test } from 'vitest';
import { runContainer } from '../../playground/parts/containers.ts';
import { buildChild, loadImages } from '../../playground/parts/images.ts';
import { short } from './_api.ts';
import { FAMILIES, runnable } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

/** The table of conflicts in notes/docker-engine.md, and what else is measured there. */
export function deletion(stage: Stage): void {
  const remove = (name: string, query = '') => stage.api.delete(`/images/${name}?${query}`);
  const conflict = (message: string) => ({
    status: 409,
    body: { message: `conflict: unable to ${message}` },
  });
  const lone = async () => (await loadImages(stage.engine.docker, FAMILIES.lone)).lone;
  const app = () => loadImages(stage.engine.docker, FAMILIES.app);

  test('of a name that is not the last one takes only that', async () => {
    const { app: id } = await app();
    expect(await remove('app:1')).toMatchObject({ status: 200, body: [{ Untagged: 'app:1' }] });
    expect((await stage.api.get(`/images/${id}/json`)).body).toMatchObject({
      RepoTags: ['app:2', 'other/app:1'],
    });
  });

  test('of the last name takes the image and lists its layers, uppermost first', async () => {
    const { twin } = await loadImages(stage.engine.docker, FAMILIES.twin);
    await remove('twin');
    const { body } = await remove('lone:2');
    expect(body).toEqual([
      { Untagged: 'lone:2' },
      { Deleted: twin },
      { Deleted: expect.stringMatching(/^sha256:/) },
      { Deleted: expect.stringMatching(/^sha256:/) },
    ]);
    expect(await stage.api.images()).toEqual([]);
  });

  test.each(['whole', 'bare', 'prefix'])('by ID (%s) takes the one name along', async (form) => {
    const id = await lone();
    const name = { whole: id, bare: id.slice(7), prefix: short(id) }[form] ?? '';
    const { body } = await remove(name);
    expect(body).toMatchObject([{ Untagged: 'lone:1' }, { Deleted: id }, {}]);
  });

  test('leaves layers that others have', async () => {
    const id = await lone();
    const { twin } = await loadImages(stage.engine.docker, FAMILIES.twin);
    expect((await remove(id)).body).toEqual([{ Untagged: 'lone:1' }, { Deleted: id }]);
    expect((await remove(twin, 'force=1')).body).toHaveLength(5);
  });

  test('by ID of an image with several names must be forced, and then takes them all', async () => {
    const { app: id } = await app();
    expect(await remove(id)).toMatchObject(
      conflict(`delete ${short(id)} (must be forced) - image is referenced in multiple repositories`),
    );
    expect((await remove(id, 'force=1&noprune=1')).body).toEqual([
      { Untagged: 'app:1' },
      { Untagged: 'app:2' },
      { Untagged: 'other/app:1' },
      { Deleted: id },
    ]);
  });

  test('of an image with children can’t be forced; its name goes quietly', async () => {
    const { base, mid } = await app();
    const message = (id: string) =>
      `delete ${short(id)} (cannot be forced) - image has dependent child images`;
    expect(await remove(base, 'force=1')).toMatchObject(conflict(message(base)));
    expect(await remove(mid, 'force=1')).toMatchObject(conflict(message(mid)));
    expect((await remove('base:1')).body).toEqual([{ Untagged: 'base:1' }]);
    expect((await stage.api.get(`/images/${base}/json`)).status).toBe(200);
  });

  test('of the last child takes nameless parents along, unless told not to', async () => {
    const { app: id, mid, base } = await app();
    await remove('app:2');
    await remove('other/app:1');
    expect((await remove('app:1')).body).toEqual([
      { Untagged: 'app:1' },
      { Deleted: id },
      { Deleted: mid },
      { Deleted: expect.any(String) },
    ]);
    expect((await stage.api.images()).map(({ Id }) => Id)).toEqual([base]);
    await app();
    await remove(id, 'force=1&noprune=1');
    expect((await stage.api.get(`/images/${mid}/json`)).status).toBe(200);
    expect((await remove(mid)).body).toEqual([{ Deleted: mid }, { Deleted: expect.any(String) }]);
  });

  test('of a nameless parent waits for every child', async () => {
    const { base } = await app();
    const child = await buildChild(stage.engine.docker, 'base:1', { label: 'x', tag: 'kid:1' });
    await remove('base:1');
    await remove('app:1');
    await remove('app:2');
    await remove('other/app:1');
    expect((await stage.api.get(`/images/${base}/json`)).status).toBe(200);
    expect((await remove('kid:1')).body).toMatchObject([
      { Untagged: 'kid:1' },
      { Deleted: child },
      { Deleted: base },
      {},
    ]);
  });

  test.each(['created', 'stopped', 'running'] as const)('under a %s container', async (state) => {
    const { box } = await loadImages(stage.engine.docker, { box: runnable(['box:1']) });
    const { id } = await runContainer(stage.engine.docker, { image: 'box:1', name: 'web', state });
    const by = state === 'running' ? 'running' : 'stopped';
    const how = state === 'running' ? 'cannot' : 'must';
    expect(await remove('box:1')).toMatchObject(
      conflict(
        `remove repository reference "box:1" (must force) - container ${short(id)} is using its referenced image ${short(box)}`,
      ),
    );
    const refused = conflict(
      `delete ${short(box)} (${how} be forced) - image is being used by ${by} container ${short(id)}`,
    );
    expect(await remove(box)).toMatchObject(refused);
    if (state === 'running') {
      expect(await remove(box, 'force=1')).toMatchObject(refused);
      expect((await remove('box:1', 'force=1&noprune=1')).body).toEqual([{ Untagged: 'box:1' }]);
      expect(await remove(box, 'force=1')).toMatchObject(refused);
      expect((await stage.api.images()).map(({ Id }) => Id)).toEqual([box]);
    } else {
      expect((await remove(box, 'force=1')).body).toEqual([{ Untagged: 'box:1' }, { Deleted: box }]);
      expect(await stage.api.images()).toEqual([]);
    }
    const [container] = (await stage.api.get('/containers/json?all=1')).body as object[];
    expect(container).toMatchObject({ ImageID: box, Image: box, Names: ['/web'] });
  });

  test('by name and force under a stopped container takes the image, whose layers stay with the container', async () => {
    const id = await lone();
    await stage.api.post('/containers/create?name=web', { Image: 'lone:1' });
    expect((await remove('lone:1', 'force=1')).body).toEqual([{ Untagged: 'lone:1' }, { Deleted: id }]);
    await lone();
    await stage.api.delete('/containers/web');
    expect((await remove('lone:1')).body).toHaveLength(3);
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

  test('of a name that has moved takes the image that it means now', async () => {
    const id = await lone();
    const { twin } = await loadImages(stage.engine.docker, FAMILIES.twin);
    await stage.api.post(`/images/${twin}/tag?repo=lone&tag=1`);
    expect((await stage.api.get(`/images/${id}/json`)).body).toMatchObject({ RepoTags: [] });
    expect((await remove('lone:1')).body).toEqual([{ Untagged: 'lone:1' }]);
    expect((await stage.api.images()).map(({ Id }) => Id).sort()).toEqual([id, twin].sort());
  });

  test('twice, and both at once, has one end', async () => {
    const id = await lone();
    const replies = await Promise.all([remove(id), remove(id)]);
    expect(replies.map(({ status }) => status)).toContain(200);
    expect(await remove(id)).toMatchObject({ status: 404, body: { message: `No such image: ${id}` } });
  });
}
