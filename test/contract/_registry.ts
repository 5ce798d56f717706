import { expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { pullImage, pushImage, type Registry, startRegistry } from '../../playground/parts/registry.ts';
import { filters, saying } from './_api.ts';
import type { Stage } from './_suite.ts';

export function registry(stage: Stage): void {
  const { dialect } = stage;
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

  const rows = (id: string, layers: number) => [
    { Deleted: id },
    ...(dialect.rows === 'names and the image'
      ? []
      : Array.from({ length: layers }, () => ({ Deleted: expect.any(String) }))),
  ];
  const digestRow = (name: string) =>
    dialect.digestRows === 'its digest goes, with a row of its own' ? [{ Untagged: name }] : [];

  test.skipIf(skip)('gives images digests, which go with the last tag of their repository', async () => {
    const { host, app, digest } = await pushed();
    expect(digest === app).toBe(dialect.digestIsId === 'is its ID');
    const both = [`${host}/app@${digest}`, `${host}/other@${digest}`];
    const [listed] = await stage.api.images();
    expect(listed?.RepoDigests).toEqual(
      dialect.pushedDigests === 'one, for the last of its names' ? both.slice(1) : both,
    );
    expect((await stage.api.get(`/images/${app}/json`)).body).toMatchObject({ RepoDigests: both });
    expect(await remove(app)).toMatchObject({
      message: expect.stringContaining('referenced in multiple repositories'),
    });
    expect(await remove(`${host}/app:1`)).toEqual([{ Untagged: `${host}/app:1` }]);
    expect(await remove(`${host}/app:2`)).toEqual([
      { Untagged: `${host}/app:2` },
      ...digestRow(`${host}/app@${digest}`),
    ]);
    expect(await remove(app)).toEqual([
      { Untagged: `${host}/other:1` },
      ...digestRow(`${host}/other@${digest}`),
      ...rows(app, 1),
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
      ...digestRow(`${host}/single@${digest}`),
      { Deleted: single },
    ]);
  });

  test.skipIf(skip)('gives images back by digest, without a tag', async () => {
    const { host, app, digest } = await pushed();
    await remove(app, 'force=1');
    const name = `${host}/app@${digest}`;
    expect(await pullImage(stage.engine.docker, name)).toBe(app);
    const tags = dialect.digestOnlyTags === 'its digest' ? [name] : dialect.digestOnlyTags;
    expect(await stage.api.images()).toMatchObject([{ RepoTags: tags, RepoDigests: [name] }]);
    expect((await stage.api.get(`/images/${app}/json`)).body).toMatchObject({
      RepoTags: tags ?? [],
      RepoDigests: [name],
    });
    const dangling = dialect.digestOnlyDangling === 'counts as dangling';
    expect(await stage.api.images(filters({ dangling: ['true'] }))).toHaveLength(dangling ? 1 : 0);
    const { body } = await stage.api.post('/images/prune');
    expect(body).toMatchObject({ SpaceReclaimed: dangling ? 99 : 0 });
    expect(await stage.api.images()).toHaveLength(dangling ? 0 : 1);
  });

  test.skipIf(skip)('gives images back by tag, and their digest may be deleted', async () => {
    const { host, app, digest } = await pushed();
    await remove(app, 'force=1');
    const name = `${host}/app@${digest}`;
    expect(await pullImage(stage.engine.docker, `${host}/app:1`)).toBe(app);
    await stage.api.post(`/images/${host}/app:1/tag?repo=${host}/app&tag=9`);
    const [listed] = await stage.api.images();
    expect(listed).toMatchObject({ RepoTags: [`${host}/app:1`, `${host}/app:9`], RepoDigests: [name] });
    if (dialect.byRepoDigest === 'that digest; tags stay') {
      expect(await remove(name)).toEqual([{ Untagged: name }]);
      expect((await stage.api.images())[0]?.RepoTags).toEqual([`${host}/app:1`, `${host}/app:9`]);
    } else {
      expect(await remove(name)).toEqual([
        { Untagged: `${host}/app:1` },
        { Untagged: `${host}/app:9` },
        { Deleted: app },
      ]);
      expect(await stage.api.images()).toEqual([]);
    }
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
    expect(await stage.api.post(`/images/create?fromImage=${host}/app&tag=9`)).toMatchObject(
      saying(dialect.pullMissing, { name: `${host}/app:9` }),
    );
  });

  test('that is not there is an error of the engine', async () => {
    expect(await stage.api.get('/distribution/127.0.0.1:1/app:1/json')).toMatchObject({
      status: 500,
      body: { message: 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused' },
    });
    expect(await stage.api.post('/images/create?fromImage=127.0.0.1:1/app&tag=1')).toMatchObject(
      saying(dialect.pullNowhere),
    );
  });

  test('is not asked for tags that are not here, nor without a header', async () => {
    const push = (headers: Record<string, string>) =>
      stage.api.post('/images/127.0.0.1:1/none/push?tag=1', undefined, headers);
    const error = dialect.pushMissing.replaceAll('{repo}', '127.0.0.1:1/none');
    const { status, body } = await push({ 'x-registry-auth': Buffer.from('{}').toString('base64') });
    expect({ status, last: (body as object[]).at(-1) }).toMatchObject({ status: 200, last: { error } });
    const unsigned = await push({});
    if (typeof dialect.pushUnsigned !== 'string')
      expect(unsigned).toMatchObject(saying(dialect.pushUnsigned));
    else expect((unsigned.body as object[]).at(-1)).toMatchObject({ error });
  });
}
