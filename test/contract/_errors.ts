import { expect, test } from 'vitest';
import { loadImages } from '../../playground/parts/images.ts';
import { filters } from './_api.ts';
import { FAMILIES } from './_catalogue.ts';
import type { Stage } from './_suite.ts';

const HEX = 'f'.repeat(64);

export function errors(stage: Stage): void {
  const reply = (status: number, message: string) => ({ status, body: { message } });

  test.each([
    ['never', 404, 'No such image: never:latest'],
    ['never:1', 404, 'No such image: never:1'],
    [`never@sha256:${HEX}`, 404, `No such image: never@sha256:${HEX}`],
    [`sha256:${HEX}`, 404, `No such image: sha256:${HEX}`],
    [HEX, 404, `No such image: sha256:${HEX}`],
    ['ffffffffffff', 404, 'No such image: ffffffffffff:latest'],
    ['127.0.0.1:1/never', 404, 'No such image: 127.0.0.1:1/never:latest'],
    ['UPPER', 400, 'invalid reference format: repository name must be lowercase'],
    ['a:b:c', 400, 'invalid reference format'],
    ['%3F', 400, 'invalid reference format'],
  ])('of an image %s that is not there', async (name, status, message) => {
    expect(await stage.api.delete(`/images/${name}`)).toMatchObject(reply(status, message));
    expect(await stage.api.get(`/images/${name}/history`)).toMatchObject(reply(status, message));
    expect(await stage.api.post(`/images/${name}/tag?repo=x`)).toMatchObject(reply(status, message));
    expect(await stage.api.post('/containers/create', { Image: decodeURIComponent(name) })).toMatchObject(
      reply(status, message),
    );
    expect(await stage.api.get(`/images/${name}/json`)).toMatchObject(
      reply(status, `no such image: ${decodeURIComponent(name)}: ${message}`),
    );
  });

  test.each([
    ['repo=UP', 500, 'invalid reference format: repository name must be lowercase'],
    ['repo=new&tag=bad%20tag', 500, 'invalid tag format'],
    ['', 500, 'invalid reference format'],
    ['repo=sha256', 400, 'refusing to create an ambiguous tag using digest algorithm as name'],
    [`repo=${HEX}`, 500, `invalid repository name (${HEX}), cannot specify 64-byte hexadecimal strings`],
    [`repo=new@sha256:${HEX}`, 400, 'refusing to create a tag with a digest reference'],
  ])('of a tag %s', async (query, status, message) => {
    await loadImages(stage.engine.docker, FAMILIES.lone);
    expect(await stage.api.post(`/images/lone:1/tag?${query}`)).toMatchObject(reply(status, message));
  });

  test.each([
    [filters({ dangling: ['maybe'] }), 400, "Invalid filter 'dangling=[maybe]'"],
    [filters({ 'label!': ['x'] }), 400, "Invalid filter 'label!'"],
    [filters({ until: ['24h'] }), 400, "Invalid filter 'until'"],
    [filters({ since: ['never'] }), 404, 'No such image: never:latest'],
    ['filters=garbage', 500, "invalid character 'g' looking for beginning of value"],
  ])('of a list of images %s', async (query, status, message) => {
    expect(await stage.api.get(`/images/json?${query}`)).toMatchObject(reply(status, message));
  });

  test('of a pattern, once there is a name to try it on', async () => {
    await loadImages(stage.engine.docker, FAMILIES.lone);
    const query = filters({ reference: ['[x'] });
    expect(await stage.api.get(`/images/json?${query}`)).toMatchObject(reply(500, 'syntax error in pattern'));
  });

  test.each([
    [filters({ nope: ['x'] }), 400, "Invalid filter 'nope'"],
    [filters({ status: ['x'] }), 400, "Invalid filter 'status=x'"],
  ])('of a list of containers %s', async (query, status, message) => {
    expect(await stage.api.get(`/containers/json?${query}`)).toMatchObject(reply(status, message));
  });

  test.each([
    ['', {}, 400, 'Config cannot be empty in order to create a container'],
    ['', { Image: '' }, 400, 'No command specified'],
    ['', undefined, 500, 'EOF'],
    [
      'we%20b',
      { Image: 'lone:1' },
      400,
      'Invalid container name (we b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed',
    ],
    ['w', { Image: 'lone:1' }, 400, 'Invalid container name (w), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'],
  ])('of a new container %s %j', async (name, request, status, message) => {
    await loadImages(stage.engine.docker, FAMILIES.lone);
    expect(await stage.api.post(`/containers/create?name=${name}`, request)).toMatchObject(
      reply(status, message),
    );
  });

  test.each([
    ['POST', 'start', 'No such container: never'],
    ['POST', 'stop', 'No such container: never'],
    ['POST', 'kill', 'Cannot kill container: never: No such container: never'],
    ['POST', 'wait', 'No such container: never'],
    ['GET', 'json', 'No such container: never'],
  ])('of %s %s of a container that is not there', async (method, action, message) => {
    expect(await stage.api.call(method, `/containers/never/${action}`)).toMatchObject(reply(404, message));
  });

  test('of an archive that is none come after the status', async () => {
    const { status, body } = await stage.api.post('/images/load', Buffer.from('garbage'));
    expect(status).toBe(200);
    expect(body).toMatchObject({ error: expect.stringContaining('unexpected EOF') });
  });

  test('of versions and paths', async () => {
    const { ApiVersion, MinAPIVersion } = (await stage.api.get('/version')).body as Record<string, string>;
    expect([ApiVersion, MinAPIVersion]).toEqual(['1.41', '1.12']);
    expect(await stage.api.get('/v1.99/images/json')).toMatchObject(
      reply(400, 'client version 1.99 is too new. Maximum supported API version is 1.41'),
    );
    expect((await stage.api.get('/v1.11/images/json')).status).toBe(400);
    expect((await stage.api.get('/v1.24/images/json')).status).toBe(200);
    expect(await stage.api.get('/v1.41/nothing')).toMatchObject(reply(404, 'page not found'));
    expect((await stage.api.call('PUT', '/images/json')).status).toBe(404);
    expect((await stage.api.get('/_ping')).text).toBe('OK');
  });
}
