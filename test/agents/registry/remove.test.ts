import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { call } from '../../../playground/parts/http-call.ts';
import { type RegistryOptions, startRegistry } from '../../../playground/parts/registry.ts';
import { startFront } from '../../../playground/parts/registry-front.ts';
import { openPusher } from '../../../playground/parts/registry-push.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { id, NOWHERE, open } from './_client.ts';

describe.skipIf(skipWithout('deleting in registries', 'registry'))(
  'a registry that is asked to delete',
  () => {
    let scope: Scope;
    beforeAll(() => {
      scope = createScope('remove');
    });
    afterAll(() => scope.close());

    const start = async (options?: RegistryOptions) => {
      const started = await startRegistry(scope, options);
      const front = await startFront(scope, started);
      return {
        front,
        pusher: openPusher(started),
        registry: open(scope, front.url),
        /** By the registry's own word. */
        async tags(name: string): Promise<string[]> {
          const { body } = await call(`${started.url}/v2/${name}/tags/list`);
          return (JSON.parse(body.toString('utf8')).tags ?? []).sort();
        },
      };
    };

    test('does it with a digest, and every tag on it goes', async () => {
      const { pusher, registry, tags, front } = await start();
      const one = await pusher.image('app', { tags: ['1', 'same', 'latest'] });
      const two = await pusher.image('app', { layers: [{ name: 'two', bytes: 9 }], tags: ['2'] });
      expect(await tags('app')).toEqual(['1', '2', 'latest', 'same']);
      expect(await registry.removeManifest('app', id(one.digest))).toEqual({ kind: 'done' });
      expect(await tags('app')).toEqual(['2']);
      expect(await registry.manifest('app', id(one.digest))).toBeNull();
      expect(await registry.resolve('app', '2')).toBe(two.digest);
      expect(await registry.removeManifest('app', id(one.digest))).toEqual({ kind: 'absent' });
      expect(await registry.removeManifest('no/such', NOWHERE)).toEqual({ kind: 'absent' });
      expect(new Set(front.requests.map(({ method }) => method))).toEqual(new Set(['DELETE', 'GET', 'HEAD']));
    });

    test('does it to one tag where it can, and nothing else goes', async () => {
      const { pusher, registry, tags, front } = await start();
      front.tagDeletion(true);
      const { digest } = await pusher.image('app', { tags: ['1', '2'] });
      expect(await registry.removeTag('app', '1')).toEqual({ kind: 'done' });
      expect(await tags('app')).toEqual(['2']);
      expect(await registry.resolve('app', '2')).toBe(digest);
      expect(await registry.removeTag('app', '1')).toEqual({ kind: 'absent' });
      expect(await registry.removeTag('app', '2')).toEqual({ kind: 'done' });
      expect(await registry.manifest('app', id(digest))).toMatchObject({ kind: 'image' });
    });

    test('and knows digests only keeps its tags', async () => {
      const { pusher, registry, tags, front } = await start();
      await pusher.image('app', { tags: ['1', '2'] });
      expect(await registry.removeTag('app', '1')).toEqual({
        kind: 'trouble',
        problem: { kind: 'registry', what: 'tags-stay', message: expect.stringContaining('DIGEST_INVALID') },
        begun: false,
      });
      expect(await tags('app')).toEqual(['1', '2']);
      expect(front.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
        'DELETE /v2/app/manifests/1',
      ]);
    });

    test.each<[string, RegistryOptions]>([
      ['whose deletion is off', { delete: false }],
      ['that is read-only', { readonly: true }],
    ])('%s says so', async (_, options) => {
      const { registry } = await start(options);
      const off = {
        kind: 'trouble',
        problem: { kind: 'registry', what: 'deletion-off', message: expect.any(String) },
        begun: false,
      };
      expect(await registry.removeManifest('app', NOWHERE)).toEqual(off);
      expect(await registry.removeTag('app', '1')).toEqual(off);
    });

    const errors = (code: string) => JSON.stringify({ errors: [{ code, message: 'no' }] });
    test.each<[number, string, string, boolean]>([
      [400, errors('UNSUPPORTED'), 'deletion-off', false],
      [403, errors('UNSUPPORTED'), 'deletion-off', false],
      [403, errors('DENIED'), 'forbidden', false],
      [401, errors('UNAUTHORIZED'), 'unauthorised', false],
      [412, errors('PRECONDITION'), 'forbidden', false],
      [400, errors('MANIFEST_INVALID'), 'wrong', false],
      [500, errors('UNKNOWN'), 'wrong', true],
      [502, '<html>', 'no-answer', true],
      [201, '', 'wrong', true],
      [302, '', 'wrong', true],
    ])('and answers %i %s', async (status, body, what, begun) => {
      const { registry, front } = await start();
      front.fault({ answer: { status, body, headers: { location: '/v2/' } } });
      expect(await registry.removeManifest('app', NOWHERE)).toMatchObject({ problem: { what }, begun });
      expect(front.requests).toHaveLength(1);
    });

    test('and is cut off or hangs may have done it, and is not asked again', async () => {
      const { pusher, registry, tags, front } = await start();
      for (const fault of [{ cut: 'before' }, { hang: 'before' }] as const)
        for (const after of [true, false]) {
          const { digest } = await pusher.image('app', { tags: ['1'] });
          // A connection that was kept is no reason to ask again.
          await registry.ping();
          const from = front.requests.length;
          front.fault({ method: 'DELETE', after, ...fault });
          expect(await registry.removeManifest('app', id(digest))).toMatchObject({
            kind: 'trouble',
            problem: { what: 'no-answer' },
            begun: true,
          });
          expect(front.requests.length - from).toBe(1);
          expect(await tags('app')).toEqual(after ? [] : ['1']);
        }
    });

    test('and is not there has done nothing', async () => {
      const registry = open(scope, 'http://127.0.0.1:1');
      expect(await registry.removeManifest('app', NOWHERE)).toMatchObject({
        problem: { what: 'unreachable' },
        begun: false,
      });
    });

    test('too soon is asked again, and only so often', async () => {
      const { pusher, registry, tags, front } = await start();
      const { digest } = await pusher.image('app', { tags: ['1'] });
      const soon = { status: 429, headers: { 'retry-after': '0' } };
      front.fault({ method: 'DELETE', times: 2, answer: soon });
      expect(await registry.removeManifest('app', id(digest))).toEqual({ kind: 'done' });
      expect(await tags('app')).toEqual([]);
      front.fault({ method: 'DELETE', times: 99, answer: soon });
      const from = front.requests.length;
      expect(await registry.removeManifest('app', id(digest))).toMatchObject({
        problem: { what: 'limited' },
        begun: false,
      });
      expect(front.requests.length - from).toBe(3);
    });
  },
);
