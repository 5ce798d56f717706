import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { call } from '../../../playground/parts/http-call.ts';
import { type Registry, startRegistry } from '../../../playground/parts/registry.ts';
import { type Front, startFront } from '../../../playground/parts/registry-front.ts';
import { openPusher, type Pusher } from '../../../playground/parts/registry-push.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';

describe.skipIf(skipWithout('what stands before a registry', 'registry'))('before a registry', () => {
  let scope: Scope;
  let registry: Registry;
  let front: Front;
  let pusher: Pusher;
  beforeAll(async () => {
    scope = createScope('front');
    registry = await startRegistry(scope);
    front = await startFront(scope, registry);
    pusher = openPusher(front);
  });
  afterAll(() => scope.close());

  const get = async (path: string, method = 'GET') => {
    const { status, headers, body } = await call(`${front.url}${path}`, { method });
    return { status, headers, body: body.toString('utf8') };
  };
  const tags = async (name: string, query = '') => {
    const { headers, body } = await get(`/v2/${name}/tags/list${query}`);
    return { tags: JSON.parse(body).tags, link: headers.link };
  };

  test('all goes to it and back, and is written down', async () => {
    await pusher.image('through', { tags: ['1'] });
    const from = front.requests.length;
    expect(await get('/v2/through/tags/list')).toMatchObject({
      status: 200,
      body: '{"name":"through","tags":["1"]}\n',
    });
    expect(front.requests.slice(from)).toEqual([
      { method: 'GET', path: '/v2/through/tags/list', authorised: false },
    ]);
  });

  test('faults are done as often as said, to what they are for', async () => {
    await pusher.image('faults', { tags: ['1'] });
    const path = '/v2/faults/tags/list';
    front.fault({ path: /faults/, method: 'GET', answer: { status: 429, headers: { 'retry-after': '2' } } });
    expect((await get('/v2/')).status).toBe(200);
    expect(await get(path)).toMatchObject({ status: 429, headers: { 'retry-after': '2' } });
    front.fault({ change: { body: 'other', headers: { 'x-new': '1', 'content-type': null } } });
    const changed = await get(path);
    expect(changed).toMatchObject({ status: 200, body: 'other', headers: { 'x-new': '1' } });
    expect(changed.headers['content-type']).toBeUndefined();
    front.fault({ cut: 'before' });
    await expect(get(path)).rejects.toThrow(/hang up|reset/);
    front.fault({ cut: 'in the body' });
    await expect(get(path)).rejects.toThrow(/aborted/);
    const end = front.fault({ answer: { status: 500 }, times: 9 });
    expect((await get(path)).status).toBe(500);
    end();
    expect((await get(path)).status).toBe(200);
  });

  test('a fault after the registry was asked leaves done what was asked', async () => {
    const { digest } = await pusher.image('after', { tags: ['1'] });
    front.fault({ method: 'DELETE', after: true, cut: 'before' });
    await expect(get(`/v2/after/manifests/${digest}`, 'DELETE')).rejects.toThrow(/hang up|reset/);
    expect(await tags('after')).toEqual({ tags: null, link: undefined });
    const again = await pusher.image('after', { tags: ['1'] });
    front.fault({ method: 'DELETE', cut: 'before' });
    await expect(get(`/v2/after/manifests/${again.digest}`, 'DELETE')).rejects.toThrow(/hang up|reset/);
    expect((await tags('after')).tags).toEqual(['1']);
  });

  test('lists come in pages', async () => {
    await pusher.image('pages', { tags: ['c', 'a', 'b'] });
    front.page(2);
    expect(await tags('pages')).toEqual({
      tags: ['a', 'b'],
      link: '</v2/pages/tags/list?last=b&n=2>; rel="next"',
    });
    expect(await tags('pages', '?last=b&n=2')).toEqual({ tags: ['c'], link: undefined });
    front.page(null);
  });

  test('a tag is deleted, and its manifest and other tags stay', async () => {
    const { digest } = await pusher.image('tags', { tags: ['1', '2'] });
    expect((await get('/v2/tags/manifests/1', 'DELETE')).status).toBe(400);
    front.tagDeletion(true);
    expect((await get('/v2/tags/manifests/1', 'DELETE')).status).toBe(202);
    expect((await get('/v2/tags/manifests/1', 'DELETE')).status).toBe(404);
    front.tagDeletion(false);
    expect((await tags('tags')).tags).toEqual(['2']);
    const { status } = await call(`${registry.url}/v2/tags/manifests/${digest}`, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
    });
    expect(status).toBe(200);
  });

  test('what is about a manifest is found', async () => {
    const image = await pusher.image('about', { tags: ['1'] });
    const sbom = await pusher.artifact('about', 'application/x-sbom', { subject: image });
    await pusher.artifact('about', 'application/x-other');
    const path = `/v2/about/referrers/${image.digest}`;
    expect((await get(path)).status).toBe(404);
    front.referrers(true);
    const { body } = await get(path);
    expect(JSON.parse(body).manifests).toEqual([
      {
        digest: sbom.digest,
        mediaType: sbom.mediaType,
        size: sbom.size,
        artifactType: 'application/x-sbom',
      },
    ]);
    expect(JSON.parse((await get(`${path}?artifactType=none`)).body).manifests).toEqual([]);
    front.referrers(false);
  });
});
