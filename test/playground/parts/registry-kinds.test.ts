import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { makeCertificate } from '../../../playground/parts/certificate.ts';
import { startEngine } from '../../../playground/parts/engine.ts';
import { type CallOptions, call } from '../../../playground/parts/http-call.ts';
import { MEMBER, pullImage, startRegistry } from '../../../playground/parts/registry.ts';
import { openPusher } from '../../../playground/parts/registry-push.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { startTokenService } from '../../../playground/parts/token-service.ts';

const NONE = `sha256:${'0'.repeat(64)}`;
const ALL = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const json = async (url: string, options?: CallOptions) => {
  const { status, body } = await call(url, options);
  const text = body.toString('utf8');
  return { status, body: text.startsWith('{') ? JSON.parse(text) : text };
};
const error = (code: string) => ({ errors: [expect.objectContaining({ code })] });

describe.skipIf(skipWithout('kinds of registries', 'registry'))('a registry', () => {
  let scope: Scope;
  beforeAll(() => {
    scope = createScope('kinds');
  });
  afterAll(() => scope.close());

  test('takes made-up images, which an engine pulls', async () => {
    const registry = await startRegistry(scope);
    const pusher = openPusher(registry);
    const layers = [
      { name: 'one', bytes: 5000 },
      { name: 'two', bytes: 700 },
    ];
    const oci = await pusher.image('team/app', { layers, tags: ['1'], labels: { team: 'web' } });
    const docker = await pusher.image('team/app', {
      layers,
      tags: ['2'],
      docker: true,
      created: new Date(1.6e12),
    });
    const index = await pusher.index('team/app', [oci, docker], { tags: ['both'] });
    expect(new Set([oci.digest, docker.digest, index.digest]).size).toBe(3);
    expect((await pusher.image('team/app', { layers, labels: { team: 'web' } })).digest).toBe(oci.digest);
    if (skipWithout('pulls of made-up images', 'engines')) return;
    const { docker: engine } = await startEngine(scope, { name: 'puller' });
    for (const [name, labels] of [
      ['app:1', { team: 'web' }],
      ['app:2', null],
      [`app@${index.digest}`, { team: 'web' }],
    ] as const) {
      const ref = `${registry.host}/team/${name}`;
      await pullImage(engine, ref);
      const { Config, Size } = await engine.getImage(ref).inspect();
      expect([Config.Labels, Size]).toEqual([labels, 5700]);
    }
  });

  test('with deletion on refuses that of a tag, and with it off or read-only any', async () => {
    const ask = async (options: Parameters<typeof startRegistry>[1]) => {
      const { url } = await startRegistry(scope, options);
      if (!options?.readonly) await openPusher({ url }).image('app', { tags: ['1'] });
      const answers = ['1', NONE].map((what) =>
        json(`${url}/v2/app/manifests/${what}`, { method: 'DELETE' }),
      );
      return Promise.all(answers);
    };
    expect(await ask({})).toEqual([
      { status: 400, body: error('DIGEST_INVALID') },
      { status: 404, body: error('MANIFEST_UNKNOWN') },
    ]);
    expect(await ask({ delete: false })).toEqual([
      { status: 405, body: error('UNSUPPORTED') },
      { status: 405, body: error('UNSUPPORTED') },
    ]);
    const refused = { status: 405, body: 'Method not allowed\n' };
    expect(await ask({ readonly: true })).toEqual([refused, refused]);
  });

  test('gives all tags in one page whatever is asked, pages of repositories, and no referrers', async () => {
    const { url } = await startRegistry(scope);
    const pusher = openPusher({ url });
    const { digest } = await pusher.image('a/app', { tags: ['1', '2', '3'] });
    await pusher.image('b/app', { tags: ['1'] });
    const tags = await call(`${url}/v2/a/app/tags/list?n=1`);
    expect(JSON.parse(tags.body.toString()).tags.sort()).toEqual(['1', '2', '3']);
    expect(tags.headers.link).toBeUndefined();
    const first = await call(`${url}/v2/_catalog?n=1`);
    expect(JSON.parse(first.body.toString())).toEqual({ repositories: ['a/app'] });
    expect(first.headers.link).toBe('</v2/_catalog?last=a%2Fapp&n=1>; rel="next"');
    expect((await json(`${url}/v2/_catalog?n=1001`)).status).toBe(400);
    expect((await call(`${url}/v2/a/app/referrers/${digest}`)).status).toBe(404);
    await call(`${url}/v2/a/app/manifests/${digest}`, { method: 'DELETE' });
    expect(await json(`${url}/v2/a/app/tags/list`)).toEqual({
      status: 200,
      body: { name: 'a/app', tags: null },
    });
    expect(await json(`${url}/v2/c/app/tags/list`)).toEqual({ status: 404, body: error('NAME_UNKNOWN') });
  });

  test('collects garbage when it stands still: blobs of what is deleted, and on demand what has no tag', async () => {
    const registry = await startRegistry(scope);
    const pusher = openPusher(registry);
    const layer = (name: string) => ({ layers: [{ name, bytes: 500 }] });
    const kept = await pusher.image('app', { ...layer('kept'), tags: ['kept'] });
    const gone = await pusher.image('app', { ...layer('gone'), tags: ['gone'] });
    const child = await pusher.image('app', layer('child'));
    await pusher.index('app', [child], { tags: ['index'] });
    const layerOf = (image: { text: string }): string => JSON.parse(image.text).layers[0].digest;
    const has = (digest: string) => {
      const hex = digest.slice('sha256:'.length);
      return existsSync(join(registry.dataDir, 'blobs/sha256', hex.slice(0, 2), hex));
    };
    const status = async (digest: string) =>
      (await call(`${registry.url}/v2/app/manifests/${digest}`, { headers: { accept: ALL } })).status;
    await call(`${registry.url}/v2/app/manifests/${gone.digest}`, { method: 'DELETE' });
    expect([kept, gone, child].map((image) => has(layerOf(image)))).toEqual([true, true, true]);
    expect(await registry.collectGarbage()).toContain(`blob eligible for deletion: ${layerOf(gone)}`);
    expect([kept, gone, child].map((image) => has(layerOf(image)))).toEqual([true, false, true]);
    expect([await status(kept.digest), await status(gone.digest)]).toEqual([200, 404]);
    // An index holds its children by nothing that this program looks at.
    await registry.collectGarbage({ untagged: true });
    expect([kept, gone, child].map((image) => has(layerOf(image)))).toEqual([true, false, false]);
    expect([await status('index'), await status(child.digest)]).toEqual([200, 404]);
  });

  test('that is closed takes the name of its member', async () => {
    const { url } = await startRegistry(scope, { closed: true });
    const authorization = `Basic ${Buffer.from(`${MEMBER.username}:${MEMBER.password}`).toString('base64')}`;
    const { status, headers } = await call(`${url}/v2/`);
    expect([status, headers['www-authenticate']]).toEqual([401, 'Basic realm="dimg"']);
    expect((await call(`${url}/v2/`, { headers: { authorization } })).status).toBe(200);
    await openPusher({ url, authorization: () => authorization }).image('app', { tags: ['1'] });
  });

  test('with tokens takes those of its token service, for what they are and as long as they last', async () => {
    const ana = {
      username: 'ana',
      password: 'pw',
      may: [{ repository: 'team/*', actions: ['pull', 'push'] }],
    };
    const tokens = await startTokenService(scope, [ana]);
    const registry = await startRegistry(scope, { tokens });
    const pusher = openPusher({
      url: registry.url,
      authorization: (name) => tokens.grant(name, ['pull', 'push']),
    });
    await pusher.image('team/app', { tags: ['1'] });
    const list = (authorization?: string) =>
      call(`${registry.url}/v2/team/app/tags/list`, { headers: authorization ? { authorization } : {} });
    expect((await list()).headers['www-authenticate']).toBe(
      `Bearer realm="${tokens.realm}",service="dimg registry",scope="repository:team/app:pull"`,
    );
    const ask = async (scopeAsked: string, password = 'pw') => {
      const authorization = `Basic ${Buffer.from(`ana:${password}`).toString('base64')}`;
      const url = `${tokens.realm}?service=x&scope=${encodeURIComponent(scopeAsked)}`;
      return json(url, { headers: { authorization } });
    };
    const { body } = await ask('repository:team/app:pull,delete');
    expect((await list(`Bearer ${body.token}`)).status).toBe(200);
    const deletion = await call(`${registry.url}/v2/team/app/manifests/${NONE}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${body.token}` },
    });
    expect([deletion.status, deletion.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('error="insufficient_scope"'),
    ]);
    expect((await ask('repository:team/app:pull', 'no')).status).toBe(401);
    tokens.behave({ lifeSeconds: -1 });
    const late = await list(`Bearer ${(await ask('repository:team/app:pull')).body.token}`);
    expect([late.status, late.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"'),
    ]);
    expect(tokens.requests.map(({ username, status }) => [username, status])).toEqual([
      ['ana', 200],
      [null, 401],
      ['ana', 200],
    ]);
  });

  test('with TLS is trusted by its authority alone', async () => {
    const authority = makeCertificate({ name: 'dimg authority' });
    const own = makeCertificate({ name: 'registry', by: authority, hosts: ['127.0.0.1', 'localhost'] });
    const tls = { ...own, ca: authority.certificate };
    const registry = await startRegistry(scope, { tls });
    await openPusher(registry).image('app', { tags: ['1'] });
    expect((await call(`${registry.url}/v2/app/tags/list`, { ca: authority.certificate })).status).toBe(200);
    await expect(call(`${registry.url}/v2/`)).rejects.toThrow(/certificate/);
    const other = makeCertificate({ name: 'dimg authority' });
    await expect(call(`${registry.url}/v2/`, { ca: other.certificate })).rejects.toThrow(/certificate/);
  });
});
