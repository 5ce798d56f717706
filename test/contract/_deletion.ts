import { expect, test } from 'vitest';
import { loadImages } from '../../playground/parts/images.ts';
import { short } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

/** The table of conflicts in notes/docker-engine.md, and what else is measured there. */
export function deletion(stage: Stage): void {
  const { dialect } = stage;
  const remove = (name: string, query = '') => stage.api.delete(`/images/${name}?${query}`);
  const conflict = (message: string) => ({
    status: 409,
    body: { message: `conflict: unable to ${message}` },
  });
  const lone = async () => (await loadImages(stage.engine.docker, FAMILIES.lone)).lone;
  const app = () => loadImages(stage.engine.docker, FAMILIES.app);
  const withLayers = dialect.rows === 'names, the image, and each layer that went';
  /** The rows of an image that goes with so many layers. */
  const gone = (id: string, layers: number) => [
    { Deleted: id },
    ...Array.from({ length: withLayers ? layers : 0 }, () => ({
      Deleted: expect.stringMatching(/^sha256:/),
    })),
  ];

  test('of a name that is not the last one takes only that', async () => {
    const { app: id } = await app();
    expect(await remove('app:1')).toMatchObject({ status: 200, body: [{ Untagged: 'app:1' }] });
    expect((await stage.api.get(`/images/${id}/json`)).body).toMatchObject({
      RepoTags: ['app:2', 'other/app:1'],
    });
  });

  test('of the last name takes the image, and its layers, uppermost first', async () => {
    const { twin } = await loadImages(stage.engine.docker, FAMILIES.twin);
    await remove('twin');
    expect((await remove('lone:2')).body).toEqual([{ Untagged: 'lone:2' }, ...gone(twin, 2)]);
    expect(await stage.api.images()).toEqual([]);
  });

  test.each(['whole', 'bare', 'prefix'])('by ID (%s) takes the one name along', async (form) => {
    const id = await lone();
    const name = { whole: id, bare: id.slice(7), prefix: short(id) }[form] ?? '';
    expect((await remove(name)).body).toEqual([{ Untagged: 'lone:1' }, ...gone(id, 1)]);
  });

  test('leaves layers that others have', async () => {
    const id = await lone();
    const { twin } = await loadImages(stage.engine.docker, FAMILIES.twin);
    expect((await remove(id)).body).toEqual([{ Untagged: 'lone:1' }, { Deleted: id }]);
    expect((await stage.api.get(`/images/${twin}/history`)).body).toHaveLength(2);
    expect((await remove(twin, 'force=1')).body).toEqual([
      { Untagged: 'lone:2' },
      { Untagged: 'twin:latest' },
      ...gone(twin, 2),
    ]);
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

  test('of a name that has moved takes the image that it means now', async () => {
    const id = await lone();
    const { twin } = await loadImages(stage.engine.docker, FAMILIES.twin);
    await stage.api.post(`/images/${twin}/tag?repo=lone&tag=1`);
    expect((await stage.api.get(`/images/${id}/json`)).body).toMatchObject({ RepoTags: [] });
    expect((await remove('lone:1')).body).toEqual([{ Untagged: 'lone:1' }]);
    expect((await stage.api.images()).map(({ Id }) => Id).sort()).toEqual([id, twin].sort());
    expect((await remove(id)).body).toEqual([{ Deleted: id }]);
  });

  test('of one name of two, after the image was loaded again', async () => {
    const id = await lone();
    await stage.api.post('/images/lone:1/tag?repo=second');
    await lone();
    const { body } = await remove('lone:1');
    if (dialect.loadedTwice === 'goes') expect(body).toEqual([{ Untagged: 'lone:1' }]);
    else expect(body).toEqual([{ Untagged: 'lone:1' }, { Untagged: `moby-dangling@${id}` }]);
    expect(await stage.api.images()).toMatchObject([{ Id: id, RepoTags: ['second:latest'] }]);
  });

  test('of the only name, or by ID, after the image was loaded again, takes it as ever', async () => {
    for (const name of ['lone:1', 'ID']) {
      const id = await lone();
      await lone();
      expect((await remove(name === 'ID' ? id : name)).body).toEqual([
        { Untagged: 'lone:1' },
        ...gone(id, 1),
      ]);
    }
  });

  test('twice, and both at once, has one end', async () => {
    const id = await lone();
    const replies = await Promise.all([remove(id), remove(id)]);
    expect(replies.map(({ status }) => status)).toContain(200);
    expect(await remove(id)).toMatchObject({ status: 404, body: { message: `No such image: ${id}` } });
  });
}
