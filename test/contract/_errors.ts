import { expect, test } from 'vitest';
import { loadImages } from '../../playground/parts/images.ts';
import { filters, type Reply, saying } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

const HEX = 'f'.repeat(64);

export function errors(stage: Stage): void {
  const { dialect } = stage;
  const reply = (status: number, message: string) => ({ status, body: { message } });

  /** All that asks for an image, but for its inspection and a tag. */
  const asks = (name: string): Promise<Reply>[] => [
    stage.api.delete(`/images/${name}`),
    stage.api.get(`/images/${name}/history`),
    stage.api.post('/containers/create', { Image: decodeURIComponent(name) }),
  ];
  const tag = (name: string, query = 'repo=x') => stage.api.post(`/images/${name}/tag?${query}`);
  const inspect = (name: string) => stage.api.get(`/images/${name}/json`);

  test.each([
    ['never', 'never:latest'],
    ['never:1', 'never:1'],
    [`never@sha256:${HEX}`, `never@sha256:${HEX}`],
    [`sha256:${HEX}`, `sha256:${HEX}`],
    [HEX, `sha256:${HEX}`],
    ['ffffffffffff', 'ffffffffffff:latest'],
    ['127.0.0.1:1/never', '127.0.0.1:1/never:latest'],
  ])('of an image %s that is not there', async (asked, name) => {
    for (const asking of [...asks(asked), tag(asked)])
      expect(await asking).toMatchObject(reply(404, `No such image: ${name}`));
    expect(await inspect(asked)).toMatchObject(saying(dialect.inspectMissing, { asked, name }));
  });

  test.each(['a:b:c', '%3F'])('of an image %s whose name is none', async (asked) => {
    for (const asking of asks(asked))
      expect(await asking).toMatchObject(reply(400, 'invalid reference format'));
    expect(await tag(asked)).toMatchObject(saying(dialect.tagOfNoName));
    const message = expect.stringContaining('invalid reference format');
    expect(await inspect(asked)).toMatchObject({ status: 400, body: { message } });
  });

  test('of an image in capitals', async () => {
    for (const asking of asks('UPPER')) expect(await asking).toMatchObject(saying(dialect.upperCase));
    const { message } = saying(dialect.upperCase).body;
    expect(await inspect('UPPER')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining(message) },
    });
    expect((await tag('UPPER')).body).toEqual({ message });
  });

  test('of tags', async () => {
    await loadImages(stage.engine.docker, FAMILIES.lone);
    const put = (query: string) => tag('lone:1', query);
    expect(await put('repo=UP')).toMatchObject(saying(dialect.tagUpperCase));
    expect(await put('repo=new&tag=bad%20tag')).toMatchObject(saying(dialect.badTag));
    expect(await put('repo=sha256')).toMatchObject(
      reply(400, 'refusing to create an ambiguous tag using digest algorithm as name'),
    );
    expect(await put(`repo=${HEX}`)).toMatchObject(saying(dialect.hexTag, { hex: HEX }));
    expect(await put(`repo=new@sha256:${HEX}`)).toMatchObject(saying(dialect.digestTag));
    if (typeof dialect.noTag !== 'string') expect(await put('')).toMatchObject(saying(dialect.noTag));
    else expect(await put('')).toMatchObject({ status: 200, text: '' });
    expect(await stage.api.images()).toMatchObject([{ RepoTags: ['lone:1'] }]);
  });

  test('of filters', async () => {
    const list = (filter: object, what = 'images') => stage.api.get(`/${what}/json?${filters(filter)}`);
    expect(await list({ dangling: ['maybe'] })).toMatchObject(saying(dialect.badDangling));
    expect(await list({ nope: ['x'] })).toMatchObject(saying(dialect.unknownFilter));
    expect(await list({ since: ['never'] })).toMatchObject(reply(404, 'No such image: never:latest'));
    expect(await list({ nope: ['x'] }, 'containers')).toMatchObject(saying(dialect.unknownFilter));
    expect(await list({ status: ['x'] }, 'containers')).toMatchObject(saying(dialect.badStatus));
    expect(await stage.api.get('/images/json?filters=garbage')).toMatchObject(saying(dialect.garbageFilter));
  });

  test('of new containers', async () => {
    await loadImages(stage.engine.docker, FAMILIES.lone);
    const create = (request?: object, name = '') =>
      stage.api.post(`/containers/create?name=${name}`, request);
    const badName = (name: string) =>
      reply(400, `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
    expect(await create({})).toMatchObject(saying(dialect.emptyConfig));
    expect(await create({ Image: '' })).toMatchObject(saying(dialect.noCommand));
    expect(await create()).toMatchObject(saying(dialect.noBody));
    expect(await create({ Image: 'lone:1' }, 'we%20b')).toMatchObject(badName('we b'));
    expect(await create({ Image: 'lone:1' }, 'w')).toMatchObject(badName('w'));
  });

  test.each([
    ['POST', 'start'],
    ['POST', 'stop'],
    ['POST', 'wait'],
    ['GET', 'json'],
  ])('of %s %s of a container that is not there', async (method, action) => {
    expect(await stage.api.call(method, `/containers/never/${action}`)).toMatchObject(
      reply(404, 'No such container: never'),
    );
  });

  test('of a container that is not there and is killed', async () => {
    expect(await stage.api.post('/containers/never/kill')).toMatchObject(saying(dialect.killMissing));
  });

  test('of an archive that is none come after the status', async () => {
    const { status, body } = await stage.api.post('/images/load', Buffer.from('garbage'));
    expect(status).toBe(200);
    expect(body).toMatchObject({ error: dialect.badArchive });
  });

  test('of versions and paths', async () => {
    const { ApiVersion, MinAPIVersion } = (await stage.api.get('/version')).body as Record<string, string>;
    const { api, oldestApi } = dialect;
    expect([ApiVersion, MinAPIVersion]).toEqual([api, oldestApi]);
    expect(await stage.api.get('/v1.99/images/json')).toMatchObject(
      reply(400, `client version 1.99 is too new. Maximum supported API version is ${api}`),
    );
    const old = await stage.api.get('/v1.11/images/json');
    const message = `client version 1.11 is too old. Minimum supported API version is ${oldestApi}, please upgrade your client to a newer version`;
    expect(old.status).toBe(400);
    expect(old.body).toEqual(dialect.refusesOldApi === 'JSON' ? { message } : `${message}\n`);
    expect((await stage.api.get('/v1.24/images/json')).status).toBe(200);
    expect(await stage.api.get('/v1.41/nothing')).toMatchObject(reply(404, 'page not found'));
    expect((await stage.api.call('PUT', '/images/json')).status).toBe(404);
    expect((await stage.api.get('/_ping')).text).toBe('OK');
  });

  test('don’t hide which store the engine has', async () => {
    const { DriverStatus } = (await stage.api.get('/info')).body as { DriverStatus: [string, string][] };
    const found = DriverStatus.some(
      ([key, value]) => key === 'driver-type' && value === 'io.containerd.snapshotter.v1',
    );
    expect(found).toBe(dialect.store === 'the containerd store');
  });
}
