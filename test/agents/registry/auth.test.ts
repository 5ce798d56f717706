import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCredentials } from '../../../agents/registry/credentials.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { MEMBER, startRegistry } from '../../../playground/parts/registry.ts';
import { type Front, startFront } from '../../../playground/parts/registry-front.ts';
import { openPusher } from '../../../playground/parts/registry-push.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { as, id, NOWHERE, open, refused, toldBy } from './_client.ts';

const BASIC = `Basic ${Buffer.from(`${MEMBER.username}:${MEMBER.password}`).toString('base64')}`;

describe.skipIf(skipWithout('closed registries', 'registry'))('a closed registry', () => {
  let scope: Scope;
  let front: Front;
  let digest: string;
  beforeAll(async () => {
    scope = createScope('closed');
    const started = await startRegistry(scope, { closed: true });
    front = await startFront(scope, started);
    const pusher = openPusher({ url: started.url, authorization: () => BASIC });
    ({ digest } = await pusher.image('app', { tags: ['1'] }));
    await pusher.image('other', { tags: ['1'] });
  });
  afterAll(() => scope.close());

  test('lets in whom it knows, and is told the name at once from then on', async () => {
    const registry = open(scope, front.url, { credentials: as(MEMBER.username, MEMBER.password) });
    const from = front.requests.length;
    await registry.ping();
    expect(await registry.repositories()).toEqual(['app', 'other']);
    expect(await registry.tags('app')).toEqual(['1']);
    expect((await registry.manifest('app', id(digest)))?.kind).toBe('image');
    expect(await registry.removeManifest('app', NOWHERE)).toEqual({ kind: 'absent' });
    expect(front.requests.slice(from).map(({ authorised }) => authorised)).toEqual([
      false,
      ...Array.from({ length: 6 }, () => true),
    ]);
  });

  test('lets in nobody else, and no password is told', async () => {
    const wrong = open(scope, front.url, { credentials: as('member', 'wrong-pass-1') });
    const from = front.requests.length;
    const problem = await refused(wrong.tags('app'));
    expect(problem).toMatchObject({ what: 'unauthorised' });
    expect(front.requests.slice(from).map(({ authorised }) => authorised)).toEqual([false, true]);
    expect(await wrong.removeManifest('app', NOWHERE)).toMatchObject({
      kind: 'trouble',
      problem: { what: 'unauthorised' },
      begun: false,
    });
    expect(await toldBy(wrong.ping())).not.toMatch(/wrong-pass-1|d3JvbmctcGFzcy0x/);
    expect(await refused(open(scope, front.url).ping())).toEqual({
      kind: 'registry',
      what: 'unauthorised',
      message: 'it wants a name and a password',
    });
  });

  test('may say our password back, and nobody is told', async () => {
    const registry = open(scope, front.url, { credentials: as(MEMBER.username, MEMBER.password) });
    await registry.ping();
    const said = `you sent ${BASIC}, ${MEMBER.username}:${MEMBER.password}, ${MEMBER.password}\u0007`;
    for (const status of [401, 403, 500]) {
      const body = JSON.stringify({ errors: [{ code: 'ECHO', message: said }] });
      front.fault({ answer: { status, body } });
      const problem = await refused(registry.tags('app'));
      expect(problem.message).toBe('ECHO: you sent Basic …, …, … ');
      front.fault({ method: 'DELETE', answer: { status, body } });
      expect(JSON.stringify(await registry.removeManifest('app', NOWHERE))).not.toContain(MEMBER.password);
    }
  });

  test('takes a password that was changed meanwhile', async () => {
    const passwordFile = join(scope.dir, 'password');
    writeFileSync(passwordFile, 'old\n');
    const from = { username: MEMBER.username, passwordFile };
    const registry = open(scope, front.url, { credentials: openCredentials(from, new URL(front.url)) });
    expect(await refused(registry.tags('app'))).toMatchObject({ what: 'unauthorised' });
    writeFileSync(passwordFile, `${MEMBER.password}\n`);
    expect(await registry.tags('app')).toEqual(['1']);
  });

  test('is not told a password that can’t be read, and the reason is', async () => {
    const credentials = openCredentials({ credentialsFile: '/no/such' }, new URL(front.url));
    const registry = open(scope, front.url, { credentials });
    const message = "The registry's password can't be read from /no/such (ENOENT).";
    expect(await refused(registry.tags('app'))).toEqual({ kind: 'registry', what: 'unauthorised', message });
    expect(await registry.removeManifest('app', NOWHERE)).toMatchObject({
      problem: { message },
      begun: false,
    });
  });

  test('elsewhere gets neither the header nor an answer to its challenge', async () => {
    const elsewhere = await startFront(scope, await startRegistry(scope, { closed: true }));
    const registry = open(scope, front.url, { credentials: as(MEMBER.username, MEMBER.password) });
    await registry.ping();
    const location = `${elsewhere.url}/v2/app/blobs/${NOWHERE}`;
    front.fault({ path: /blobs/, answer: { status: 307, headers: { location } } });
    expect(await refused(registry.manifest('app', id(digest)))).toMatchObject({ what: 'unauthorised' });
    expect(elsewhere.requests.map(({ method, authorised }) => [method, authorised])).toEqual([
      ['GET', false],
    ]);
    const challenge = { 'www-authenticate': `Bearer realm="${elsewhere.url}/token",service="x"` };
    elsewhere.fault({ answer: { status: 401, headers: challenge } });
    front.fault({ path: /blobs/, answer: { status: 307, headers: { location } } });
    await refused(registry.manifest('app', id(digest)));
    expect(elsewhere.requests.map(({ path }) => path)).not.toContainEqual(expect.stringContaining('token'));
    // Whereas at home it goes along.
    const home = front.requests.length;
    front.fault({ path: /tags/, answer: { status: 307, headers: { location: '/v2/other/tags/list' } } });
    expect(await registry.tags('app')).toEqual(['1']);
    expect(front.requests.slice(home).map(({ authorised }) => authorised)).toEqual([true, true]);
  });
});
