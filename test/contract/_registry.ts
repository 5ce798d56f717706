import { expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { pullImage, pushImage, type Registry, startRegistry } from '../../playground/parts/registry.ts';
import type { Stage } from './_suite.ts';

export function registry(stage: Stage): void {
  const skip = skipWithout('pushes and pulls', 'registry');
  let started: Promise<Registry> | undefined;
  /** An image that a registry knows by two repositories. */
  const pushed = async () => {
    started ??= startRegistry(stage.scope);
    const { host } = await started;
    const tags = [`${host}/app:1`, `${host}/app:2`, `${host}/other:1`];
    const { app } = await loadImages(stage.engine.docker, {
      app: { tags, layers: [{ name: 'pushed', bytes: 99 }] },
    });
    const digest = await pushImage(stage.engine.docker, `${host}/app:1`);
    await pushImage(stage.engine.docker, `${host}/other:1`);
    return { host, app, digest };
  };
  const remove = async (name: string, query = '') =>
    (await stage.api.delete(`/images/${name}?${query}`)).body;

  test.skipIf(skip)('gives images digests, which go with the last tag of their repository', async () => {
    const { host, app, digest } = await pushed();
    const [listed] = await stage.api.images();
    expect(listed?.RepoDigests).toEqual([`${host}/app@${digest}`, `${host}/other@${digest}`]);
    expect(await remove(app)).toMatchObject({
      message: expect.stringContaining('referenced in multiple repositories'),
    });
    expect(await remove(`${host}/app:1`)).toEqual([{ Untagged: `${host}/app:1` }]);
    expect(await remove(`${host}/app:2`)).toEqual([
      { Untagged: `${host}/app:2` },
      { Untagged: `${host}/app@${digest}` },
    ]);
    expect(await remove(app)).toEqual([
      { Untagged: `${host}/other:1` },
      { Untagged: `${host}/other@${digest}` },
      { Deleted: app },
      { Deleted: expect.any(String) },
    ]);
  });

  test.skipIf(skip)('one tag and its digest are one name, a second tag is another', async () => {
    started ??= startRegistry(stage.scope);
    const { host } = await started;
    const tags = [`${host}/single:1`, `${host}/single:2`];
    const { single } = await loadImages(stage.engine.docker, { single: { tags, layers: [] } });
    const digest = await pushImage(stage.engine.docker, `${host}/single:1`);
    expect(await remove(single)).toMatchObject({
      message: expect.stringContaining('referenced in multiple repositories'),
    });
    await remove(`${host}/single:2`);
    expect(await remove(single)).toEqual([
      { Untagged: `${host}/single:1` },
      { Untagged: `${host}/single@${digest}` },
      { Deleted: single },
    ]);
  });

  test.skipIf(skip)('gives images back, by tag and by digest', async () => {
    const { host, app, digest } = await pushed();
    await remove(app, 'force=1');
    expect(await pullImage(stage.engine.docker, `${host}/app@${digest}`)).toBe(app);
    expect(await stage.api.images()).toMatchObject([
      { RepoTags: null, RepoDigests: [`${host}/app@${digest}`], Size: 99 },
    ]);
    // Only a digest is left: it counts as dangling.
    const { body } = await stage.api.post('/images/prune');
    expect(body).toMatchObject({ SpaceReclaimed: 99 });
    expect(await pullImage(stage.engine.docker, `${host}/app:1`)).toBe(app);
    expect((await stage.api.images())[0]?.RepoTags).toEqual([`${host}/app:1`]);
    expect(await remove(`${host}/app@${digest}`)).toEqual([{ Untagged: `${host}/app@${digest}` }]);
  });

  test.skipIf(skip)('says what it has', async () => {
    const { host, digest } = await pushed();
    expect((await stage.api.get(`/distribution/${host}/app@${digest}/json`)).body).toMatchObject({
      Descriptor: { digest, mediaType: 'application/vnd.docker.distribution.manifest.v2+json' },
    });
    expect(await stage.api.get(`/distribution/${host}/app:9/json`)).toMatchObject({
      status: 404,
      body: { message: 'manifest unknown: manifest unknown' },
    });
    expect(await stage.api.post(`/images/create?fromImage=${host}/app&tag=9`)).toMatchObject({
      status: 404,
      body: { message: `manifest for ${host}/app:9 not found: manifest unknown: manifest unknown` },
    });
  });

  test('that is not there is an error of the engine', async () => {
    const message = 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused';
    const refused = { status: 500, body: { message } };
    expect(await stage.api.get('/distribution/127.0.0.1:1/app:1/json')).toMatchObject(refused);
    expect(await stage.api.post('/images/create?fromImage=127.0.0.1:1/app&tag=1')).toMatchObject(refused);
  });
}
