import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Credentials } from '../../../agents/registry/credentials.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { startRegistry } from '../../../playground/parts/registry.ts';
import { type Front, startFront } from '../../../playground/parts/registry-front.ts';
import { openPusher, type Pusher } from '../../../playground/parts/registry-push.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import {
  type Member,
  startTokenService,
  type TokenService,
} from '../../../playground/parts/token-service.ts';
import { as, id, NOWHERE, open, refused, toldBy } from './_client.ts';

const may = (repository: string, ...actions: string[]) => [{ repository, actions }];
const MEMBERS: Member[] = [
  { username: 'all', password: 'pw-all', may: may('*', 'pull', 'push', 'delete'), catalog: true },
  { username: 'reader', password: 'pw-reader', identity: 'identity-1', may: may('team/*', 'pull') },
];

describe.skipIf(skipWithout('registries with tokens', 'registry'))('a registry with tokens', () => {
  let scope: Scope;
  let tokens: TokenService;
  let front: Front;
  let pusher: Pusher;
  beforeAll(async () => {
    scope = createScope('tokens');
    tokens = await startTokenService(scope, MEMBERS);
    const started = await startRegistry(scope, { tokens });
    front = await startFront(scope, started);
    pusher = openPusher({ url: started.url, authorization: (name) => tokens.grant(name, ['pull', 'push']) });
    for (const name of ['team/app', 'team/other', 'base']) await pusher.image(name, { tags: ['1'] });
  });
  afterAll(() => scope.close());
  beforeEach(() => {
    tokens.behave({ lifeSeconds: 300, saidSeconds: 300, field: 'token', refusal: null });
    tokens.requests.length = 0;
    front.requests.length = 0;
  });
  const all = () => open(scope, front.url, { credentials: as('all', 'pw-all') });
  const reader = () => open(scope, front.url, { credentials: as('reader', 'pw-reader') });

  test('is asked for one of each scope, which is kept', async () => {
    const registry = all();
    await registry.ping();
    expect(await registry.repositories()).toEqual(['base', 'team/app', 'team/other']);
    for (let i = 0; i < 3; i++) expect(await registry.tags('team/app')).toEqual(['1']);
    const digest = await registry.resolve('team/app', '1');
    expect((await registry.manifest('team/app', digest ?? NOWHERE))?.kind).toBe('image');
    expect(await registry.removeManifest('team/app', NOWHERE)).toEqual({ kind: 'absent' });
    expect(await registry.removeManifest('team/app', NOWHERE)).toEqual({ kind: 'absent' });
    expect(tokens.requests.map(({ scopes, status }) => [...scopes, status])).toEqual([
      [200],
      ['registry:catalog:*', 200],
      ['repository:team/app:pull', 200],
      ['repository:team/app:delete', 200],
    ]);
    // Each scope is refused once without, and then asked for with its token at once.
    expect(front.requests.filter(({ authorised }) => !authorised)).toHaveLength(4);
  });

  test('deletes for whom it may, and says to whom it may not', async () => {
    const { digest } = await pusher.image('team/gone', { tags: ['1'] });
    expect(await reader().removeManifest('team/gone', id(digest))).toEqual({
      kind: 'trouble',
      problem: { kind: 'registry', what: 'forbidden', message: expect.any(String) },
      begun: false,
    });
    expect(await all().removeManifest('team/gone', id(digest))).toEqual({ kind: 'done' });
    expect(await refused(reader().tags('base'))).toMatchObject({ what: 'forbidden' });
    // Who may not see the list gets none.
    expect(await reader().repositories()).toBeNull();
  });

  test('many questions at once fetch one token', async () => {
    const registry = all();
    await Promise.all(Array.from({ length: 30 }, () => registry.tags('team/app')));
    expect(tokens.requests).toHaveLength(1);
  });

  test('gets a new one where the old is refused in the middle, once', async () => {
    const registry = all();
    tokens.behave({ lifeSeconds: 1 });
    expect(await registry.tags('team/app')).toEqual(['1']);
    await sleep(2100);
    expect(await Promise.all([1, 2, 3].map(() => registry.tags('team/app')))).toEqual([['1'], ['1'], ['1']]);
    expect(tokens.requests).toHaveLength(2);
    // Where the new one is no better, that is that.
    tokens.behave({ lifeSeconds: -5 });
    await sleep(2100);
    const before = front.requests.length;
    expect(await refused(registry.tags('team/app'))).toMatchObject({ what: 'unauthorised' });
    expect(tokens.requests).toHaveLength(3);
    expect(front.requests.length - before).toBe(2);
  });

  test('is asked with a new one once the old is over by its own word', async () => {
    const registry = all();
    tokens.behave({ saidSeconds: 1 });
    await registry.tags('team/app');
    await sleep(1100);
    front.requests.length = 0;
    await registry.tags('team/app');
    expect(front.requests.map(({ authorised }) => authorised)).toEqual([true]);
    expect(tokens.requests).toHaveLength(2);
    // Without a word it is a minute.
    const other = all();
    tokens.behave({ saidSeconds: null, field: 'access_token' });
    await other.tags('team/app');
    await sleep(1100);
    await other.tags('team/app');
    expect(tokens.requests).toHaveLength(3);
  });

  test('takes an identity token for a password', async () => {
    const by = (token: string) => {
      const credentials = async (): Promise<Credentials> => ({ kind: 'identity', token });
      return open(scope, front.url, { credentials });
    };
    expect(await by('identity-1').tags('team/app')).toEqual(['1']);
    expect(tokens.requests).toMatchObject([{ method: 'POST', username: 'reader', status: 200 }]);
    expect(await refused(by('identity-2').tags('team/app'))).toMatchObject({ what: 'unauthorised' });
    expect(await toldBy(by('identity-2').tags('team/app'))).not.toContain('identity-2');
  });

  test('refuses a wrong password, and nobody is told it', async () => {
    const registry = open(scope, front.url, { credentials: as('all', 'wrong-7') });
    expect(await refused(registry.tags('team/app'))).toMatchObject({
      what: 'unauthorised',
      message: 'its realm for tokens says UNAUTHORIZED: who are you',
    });
    expect(tokens.requests).toHaveLength(1);
    const echo = `wrong-7 ${Buffer.from('all:wrong-7').toString('base64')}`;
    const body = JSON.stringify({ errors: [{ code: 'X', message: echo }] });
    for (const status of [400, 401, 403, 404, 429, 500]) {
      tokens.behave({ refusal: { status, body } });
      const quick = open(scope, front.url, { credentials: as('all', 'wrong-7'), limits: { repeats: 0 } });
      const told = await toldBy(quick.tags('team/app'));
      expect(told).toContain('its realm for tokens says X');
      expect(told).not.toMatch(/wrong-7|YWxsOndyb25nLTc/);
    }
    tokens.behave({ refusal: null });
    expect(await refused(open(scope, front.url).tags('team/app'))).toMatchObject({ what: 'unauthorised' });
  });

  test('takes a password that was changed meanwhile, once', async () => {
    let password = 'old';
    let reads = 0;
    const credentials = async (fresh: boolean): Promise<Credentials> => {
      reads++;
      if (fresh) password = 'pw-all';
      return { kind: 'password', username: 'all', password };
    };
    expect(await open(scope, front.url, { credentials }).tags('team/app')).toEqual(['1']);
    expect([reads, tokens.requests.map(({ status }) => status)]).toEqual([2, [401, 200]]);
  });

  test('never tells a token', async () => {
    const token = tokens.grant('team/app', ['pull']).slice('Bearer '.length);
    tokens.behave({ refusal: { status: 200, body: JSON.stringify({ token }) } });
    const registry = all();
    await registry.tags('team/app');
    for (const said of [token, `Bearer ${token.slice(0, 60)}`]) {
      const body = JSON.stringify({ errors: [{ code: 'ECHO', message: said }] });
      front.fault({ path: /tags/, answer: { status: 500, body } });
      const told = await toldBy(registry.tags('team/app'));
      expect(told).toMatch(/ECHO: (Bearer )?…/);
      expect(told).not.toContain(token.slice(0, 20));
    }
  });

  test('whose realm breaks has begun nothing', async () => {
    for (const [refusal, what] of [
      [{ status: 500, body: '' }, 'no-answer'],
      [{ status: 200, body: '{}' }, 'wrong'],
      [{ status: 200, body: 'no' }, 'wrong'],
      [{ status: 200, body: '{"token":"a\\nb"}' }, 'wrong'],
    ] as const) {
      tokens.behave({ refusal });
      expect(await all().removeManifest('team/app', NOWHERE)).toMatchObject({
        problem: { what },
        begun: false,
      });
    }
    for (const realm of ['http://127.0.0.1:1/token', 'no address', 'file:///etc/passwd']) {
      const challenge = `Bearer realm="${realm}",service="x"`;
      front.fault({ answer: { status: 401, headers: { 'www-authenticate': challenge } } });
      expect(await all().removeManifest('team/app', NOWHERE)).toMatchObject({
        problem: { what: realm.startsWith('http') ? 'unreachable' : 'wrong' },
        begun: false,
      });
    }
    const silent = await startFront(scope, await startRegistry(scope));
    silent.fault({ hang: 'before', times: 9 });
    const challenge = `Bearer realm="${silent.url}/token",service="x"`;
    front.fault({ answer: { status: 401, headers: { 'www-authenticate': challenge } } });
    expect(await all().removeManifest('team/app', NOWHERE)).toMatchObject({
      problem: { what: 'no-answer', message: 'its realm for tokens: no answer within 700 ms' },
      begun: false,
    });
  });

  test('that gives tokens to everybody lets everybody read, and nobody delete', async () => {
    const everybody = await startTokenService(scope, MEMBERS, true);
    const started = await startRegistry(scope, { tokens: everybody });
    const authorization = (name: string) => everybody.grant(name, ['pull', 'push']);
    const { digest } = await openPusher({ url: started.url, authorization }).image('app', { tags: ['1'] });
    const registry = open(scope, started.url);
    expect(await registry.resolve('app', '1')).toBe(digest);
    expect(await registry.removeManifest('app', id(digest))).toMatchObject({
      problem: { what: 'unauthorised', message: 'it wants a name and a password' },
      begun: false,
    });
  });
});
