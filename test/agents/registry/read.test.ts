import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Registry } from '../../../agents/registry/ports.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { type Registry as Started, startRegistry } from '../../../playground/parts/registry.ts';
import { type Front, startFront } from '../../../playground/parts/registry-front.ts';
import { openPusher, type Pusher } from '../../../playground/parts/registry-push.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { id, NOWHERE, open, refused } from './_client.ts';

describe.skipIf(skipWithout('reading registries', 'registry'))('of a registry', () => {
  let scope: Scope;
  let started: Started;
  let front: Front;
  let pusher: Pusher;
  let registry: Registry;
  beforeAll(async () => {
    scope = createScope('read');
    started = await startRegistry(scope);
    front = await startFront(scope, started);
    pusher = openPusher(started);
    registry = open(scope, front.url);
  });
  afterAll(() => scope.close());

  test('it is told that it is there, and what is none is found out', async () => {
    await registry.ping();
    front.fault({ answer: { status: 404, body: '<html>' } });
    expect(await refused(registry.ping())).toEqual({
      kind: 'registry',
      what: 'wrong',
      message: 'there is no registry at this address',
    });
    expect(await refused(open(scope, 'http://127.0.0.1:1').ping())).toMatchObject({
      what: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('repositories and tags are listed, over all pages', async () => {
    const names = ['list/a', 'list/b', 'list/c', 'list/d', 'list/e'];
    for (const name of names) await pusher.image(name, { tags: ['1'] });
    const tags = Array.from({ length: 7 }, (_, i) => `v${i}`);
    await pusher.image('list/a', { tags });
    const ours = async () => (await registry.repositories())?.filter((name) => name.startsWith('list/'));
    expect(await ours()).toEqual(names);
    expect((await registry.tags('list/a'))?.sort()).toEqual(['1', ...tags]);
    front.page(2);
    const from = front.requests.length;
    expect(await ours()).toEqual(names);
    expect(await registry.tags('list/a')).toEqual(['1', ...tags]);
    expect(front.requests.slice(from).filter(({ path }) => path.includes('tags/list'))).toHaveLength(4);
    front.page(null);
  });

  test('pages are followed to its own address only, and not in circles', async () => {
    await pusher.image('links', { tags: ['1'] });
    const linked = (link: string, times = 1) =>
      front.fault({ path: /links/, times, change: { headers: { link } } });
    linked(`<${front.url}/v2/links/tags/list?page=2>; rel="next"`);
    expect(await registry.tags('links')).toEqual(['1', '1']);
    linked('<http://127.0.0.1:1/v2/links/tags/list?page=2>; rel="next"');
    expect(await refused(registry.tags('links'))).toMatchObject({ what: 'wrong' });
    const end = linked('</v2/links/tags/list?page=2>; rel="next"', 99);
    expect(await refused(registry.tags('links'))).toMatchObject({ message: 'its pages come in circles' });
    end();
    const short = open(scope, front.url, { limits: { pages: 2 } });
    front.page(1);
    await pusher.image('links', { tags: ['2', '3'] });
    expect(await refused(short.tags('links'))).toMatchObject({ message: 'its list has more than 2 pages' });
    front.page(null);
  });

  test('what is not there is no trouble', async () => {
    expect(await registry.tags('no/such')).toBeNull();
    expect(await registry.resolve('no/such', '1')).toBeNull();
    expect(await registry.manifest('no/such', NOWHERE)).toBeNull();
    const { digest } = await pusher.image('empty', { tags: ['1'] });
    expect(await registry.resolve('empty', '2')).toBeNull();
    await registry.removeManifest('empty', id(digest));
    // Its `tags` are null by then.
    expect(await registry.tags('empty')).toEqual([]);
  });

  test('a list that it does not offer is null', async () => {
    for (const status of [403, 404, 405]) {
      front.fault({ path: /_catalog/, answer: { status } });
      expect(await registry.repositories()).toBeNull();
    }
    front.fault({ path: /_catalog/, answer: { status: 500 } });
    expect(await refused(registry.repositories())).toMatchObject({
      what: 'wrong',
      message: 'HTTP status 500',
    });
  });

  test('a tag of an index is the index, of Docker’s kind and of OCI’s', async () => {
    for (const docker of [false, true]) {
      const amd = await pusher.image('multi', { platform: 'linux/amd64', docker });
      const arm = await pusher.image('multi', { platform: 'linux/arm64/v8', docker });
      const index = await pusher.index('multi', [amd, arm], { tags: ['1'], docker });
      expect(await registry.resolve('multi', '1')).toBe(index.digest);
      expect(await registry.manifest('multi', id(index.digest))).toEqual({
        digest: index.digest,
        mediaType: index.mediaType,
        size: index.size,
        kind: 'index',
        blobs: [],
        children: [
          { digest: amd.digest, mediaType: amd.mediaType, size: amd.size, platform: 'linux/amd64' },
          { digest: arm.digest, mediaType: arm.mediaType, size: arm.size, platform: 'linux/arm64/v8' },
        ],
        createdAt: null,
        labels: {},
      });
    }
  });

  test('a tag whose digest it does not tell is what its bytes say', async () => {
    const { digest } = await pusher.image('untold', { tags: ['1'] });
    const untold = () =>
      front.fault({ method: 'HEAD', change: { headers: { 'docker-content-digest': null } } });
    untold();
    expect(await registry.resolve('untold', '1')).toBe(digest);
    untold();
    expect(await registry.resolve('untold', '2')).toBeNull();
    front.fault({ method: 'HEAD', answer: { status: 307, headers: { location: '/v2/' } } });
    expect(await registry.resolve('untold', '1')).toBe(digest);
    front.fault({ method: 'HEAD', change: { headers: { 'docker-content-digest': 'sha256:abc' } } });
    expect(await refused(registry.resolve('untold', '1'))).toMatchObject({ what: 'wrong' });
  });

  test('an image is told with its layers, its time and its labels', async () => {
    for (const docker of [false, true]) {
      const image = await pusher.image('told', {
        layers: [
          { name: 'one', bytes: 10 },
          { name: 'two', bytes: 20 },
        ],
        created: new Date('2024-05-06T07:08:09Z'),
        labels: { team: 'web' },
        docker,
      });
      const { config, layers } = JSON.parse(image.text);
      expect(await registry.manifest('told', id(image.digest))).toEqual({
        digest: image.digest,
        mediaType: image.mediaType,
        size: image.size,
        kind: 'image',
        blobs: [config, ...layers],
        children: [],
        createdAt: Date.UTC(2024, 4, 6, 7, 8, 9),
        labels: { team: 'web' },
      });
    }
  });

  test.each([
    ['1970-01-01T00:00:00Z', null],
    ['1980-01-01T00:00:01Z', null],
    ['1981-01-01T00:00:00Z', Date.UTC(1981, 0, 1)],
  ])('%s is a time that counts, or none', async (created, at) => {
    const { digest } = await pusher.image('dates', { created: new Date(created) });
    expect((await registry.manifest('dates', id(digest)))?.createdAt).toBe(at);
  });

  test('signatures, attestations and what else is about an image are no images', async () => {
    const image = await pusher.image('about', { tags: ['1'], platform: 'linux/amd64' });
    const signature = await pusher.signature('about', image.digest);
    expect(await registry.resolve('about', `sha256-${image.digest.slice(7)}.sig`)).toBe(signature.digest);
    expect(await registry.manifest('about', id(signature.digest))).toMatchObject({
      kind: 'artifact',
      createdAt: null,
      labels: {},
    });
    const attestation = await pusher.attestation('about', image);
    const index = await pusher.index('about', [image, attestation]);
    expect(await registry.manifest('about', id(attestation.digest))).toMatchObject({ kind: 'artifact' });
    expect((await registry.manifest('about', id(index.digest)))?.children).toMatchObject([
      { digest: image.digest, platform: 'linux/amd64' },
      { digest: attestation.digest, platform: 'unknown/unknown' },
    ]);
    const annotations = { 'org.opencontainers.image.created': '2024-01-02T00:00:00Z' };
    const sbom = await pusher.artifact('about', 'application/x-sbom', { subject: image, annotations });
    expect(await registry.manifest('about', id(sbom.digest))).toMatchObject({
      kind: 'artifact',
      subject: image.digest,
      createdAt: Date.UTC(2024, 0, 2),
      blobs: [{ mediaType: 'application/vnd.oci.empty.v1+json' }, { mediaType: 'application/x-sbom' }],
    });
    const withSubject = await pusher.image('about', { subject: image });
    expect(await registry.manifest('about', id(withSubject.digest))).toMatchObject({
      kind: 'image',
      subject: image.digest,
    });
  });

  test('a manifest that does not say its type is taken by its header', async () => {
    const type = 'application/vnd.oci.image.manifest.v1+json';
    const { text } = await pusher.image('typeless');
    const { mediaType, ...rest } = JSON.parse(text);
    const { digest } = await pusher.manifest('typeless', type, JSON.stringify(rest));
    expect(mediaType).toBe(type);
    expect(await registry.manifest('typeless', id(digest))).toMatchObject({ kind: 'image', mediaType: type });
  });

  test('what is about a manifest is told where it can be, and null where not', async () => {
    const image = await pusher.image('referred', { tags: ['1'] });
    const sbom = await pusher.artifact('referred', 'application/x-sbom', { subject: image });
    expect(await registry.referrers('referred', id(image.digest))).toBeNull();
    front.referrers(true);
    expect(await registry.referrers('referred', id(image.digest))).toEqual([
      { digest: sbom.digest, mediaType: sbom.mediaType, size: sbom.size },
    ]);
    expect(await registry.referrers('referred', id(sbom.digest))).toEqual([]);
    front.referrers(false);
  });

  test('bytes that are not those of the digest are found out, of manifests and configurations', async () => {
    const image = await pusher.image('forged', { labels: { keep: 'yes' } });
    const digest = id(image.digest);
    front.fault({
      path: /manifests/,
      change: { body: image.text.replace('"schemaVersion":2', '"schemaVersion": 2') },
    });
    expect(await refused(registry.manifest('forged', digest))).toMatchObject({
      what: 'wrong',
      message: expect.stringContaining('another digest'),
    });
    front.fault({ path: /blobs/, change: { body: '{"config":{"Labels":{}}}' } });
    expect(await refused(registry.manifest('forged', digest))).toMatchObject({ what: 'wrong' });
    // Without its labels nobody knows whether it may go.
    front.fault({ path: /blobs/, answer: { status: 404 } });
    expect(await refused(registry.manifest('forged', digest))).toMatchObject({ what: 'wrong' });
    front.fault({ method: 'HEAD', change: { headers: { 'docker-content-digest': NOWHERE } } });
    await pusher.image('forged', { tags: ['1'] });
    expect(await registry.manifest('forged', (await registry.resolve('forged', '1')) ?? digest)).toBeNull();
  });

  test('what is no list and no manifest is wrong, and so is too much', async () => {
    const { digest } = await pusher.image('odd', { tags: ['1'] });
    for (const body of ['<html>', '[]', '{"tags":[1]}', '{"tags":"1"}']) {
      front.fault({ path: /tags/, change: { body } });
      expect(await refused(registry.tags('odd'))).toMatchObject({ what: 'wrong' });
    }
    const odd = await pusher.artifact('odd', 'text/x-large', { annotations: { large: 'x'.repeat(200_000) } });
    const small = open(scope, front.url, { limits: { bytes: 100_000 } });
    expect(await refused(small.manifest('odd', id(odd.digest)))).toMatchObject({
      message: 'it answered more than 100000 B',
    });
    expect((await small.manifest('odd', id(digest)))?.kind).toBe('image');
    front.fault({ answer: { status: 500, body: 'x'.repeat(300_000) } });
    expect(await refused(small.tags('odd'))).toMatchObject({ message: 'HTTP status 500' });
  });

  test('names that it can’t have are never asked for', async () => {
    const from = front.requests.length;
    for (const name of ['../x', 'a/../b', 'A', 'a?b', '', 'a//b', 'a#', 'a%2f'])
      expect(await refused(registry.tags(name))).toMatchObject({ what: 'wrong' });
    for (const tag of ['../1', '', 'a/b', NOWHERE]) {
      expect(await refused(registry.resolve('app', tag))).toMatchObject({ what: 'wrong' });
      expect(await registry.removeTag('app', tag)).toMatchObject({ kind: 'trouble', begun: false });
    }
    expect(front.requests.length).toBe(from);
  });

  test('redirects are followed, within bounds', async () => {
    const image = await pusher.image('moved', { tags: ['1'], labels: { a: 'b' } });
    const other = await startFront(scope, started);
    const blob = `/v2/moved/blobs/${JSON.parse(image.text).config.digest}`;
    const moved = (location: string, times = 1) =>
      front.fault({ path: /blobs/, times, answer: { status: 307, headers: { location } } });
    moved(`${other.url}${blob}`);
    expect((await registry.manifest('moved', id(image.digest)))?.labels).toEqual({ a: 'b' });
    expect(other.requests.map(({ path }) => path)).toEqual([blob]);
    const end = moved(blob, 99);
    expect(await refused(registry.manifest('moved', id(image.digest)))).toMatchObject({
      message: 'it redirects in circles',
    });
    end();
    moved('ftp://127.0.0.1/secret');
    expect(await refused(registry.manifest('moved', id(image.digest)))).toMatchObject({
      message: 'it redirects to no address',
    });
  });
});
