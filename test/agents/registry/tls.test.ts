import { createServer } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { makeCertificate } from '../../../playground/parts/certificate.ts';
import { startRegistry } from '../../../playground/parts/registry.ts';
import { openPusher } from '../../../playground/parts/registry-push.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { startTokenService } from '../../../playground/parts/token-service.ts';
import { as, NOWHERE, open, refused } from './_client.ts';

describe.skipIf(skipWithout('registries with TLS', 'registry'))('a registry with TLS', () => {
  let scope: Scope;
  const authority = makeCertificate({ name: 'dimg authority' });
  const signed = (hosts: string[], until?: Date) => ({
    ...makeCertificate({ name: 'registry', by: authority, hosts, ...(until && { until }) }),
    ca: authority.certificate,
  });
  beforeAll(() => {
    scope = createScope('tls');
  });
  afterAll(() => scope.close());

  test('is trusted by the authority that it has, and by no other', async () => {
    const started = await startRegistry(scope, { tls: signed(['127.0.0.1']) });
    await openPusher(started).image('app', { tags: ['1'] });
    const registry = open(scope, started.url, { ca: authority.certificate });
    for (let i = 0; i < 3; i++) expect(await registry.tags('app')).toEqual(['1']);
    expect(await registry.removeManifest('app', NOWHERE)).toEqual({ kind: 'absent' });
    const other = makeCertificate({ name: 'dimg authority' });
    for (const ca of [undefined, other.certificate]) {
      const stranger = open(scope, started.url, { ca });
      expect(await refused(stranger.ping())).toMatchObject({
        what: 'unreachable',
        message: expect.stringContaining('certificate'),
      });
      // Not a word was said to it.
      expect(await stranger.removeManifest('app', NOWHERE)).toMatchObject({
        problem: { what: 'unreachable' },
        begun: false,
      });
    }
    // Spoken to in plain words it answers, in no registry's words.
    const plain = open(scope, started.url.replace('https:', 'http:'));
    expect(await refused(plain.ping())).toMatchObject({ what: 'wrong' });
  });

  test.each([
    ['another one’s', ['registry.example.com', '127.0.0.9'], undefined, 'altnames'],
    ['over', ['127.0.0.1'], new Date(Date.now() - 60_000), 'expired'],
  ])('whose certificate is %s is not trusted', async (_, hosts, until, words) => {
    const { certificate: cert, key } = signed(hosts, until);
    const server = createServer({ cert, key }, (_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    scope.defer(() => server.close());
    const { port } = server.address() as { port: number };
    const registry = open(scope, `https://127.0.0.1:${port}`, { ca: authority.certificate });
    expect(await refused(registry.ping())).toMatchObject({
      what: 'unreachable',
      message: expect.stringContaining(words),
    });
  });

  test('never has a password sent in plain words, whatever realm it names', async () => {
    const tokens = await startTokenService(scope, [
      { username: 'ana', password: 'pw', may: [{ repository: '*', actions: ['pull'] }] },
    ]);
    const started = await startRegistry(scope, { tls: signed(['127.0.0.1']), tokens });
    const credentials = as('ana', 'pw');
    const registry = open(scope, started.url, { ca: authority.certificate, credentials });
    expect(await refused(registry.tags('app'))).toEqual({
      kind: 'registry',
      what: 'wrong',
      message: `it wants our password sent to ${new URL(tokens.realm).host} over plain http`,
    });
    expect(tokens.requests).toEqual([]);
  });
});
