import * as http from 'node:http';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Registry } from '../../../agents/registry/ports.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { type Registry as Started, startRegistry } from '../../../playground/parts/registry.ts';
import { type Front, startFront } from '../../../playground/parts/registry-front.ts';
import { openPusher } from '../../../playground/parts/registry-push.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { open, refused } from './_client.ts';

describe.skipIf(skipWithout('broken registries', 'registry'))('a registry', () => {
  let scope: Scope;
  let started: Started;
  let front: Front;
  let registry: Registry;
  beforeAll(async () => {
    scope = createScope('faults');
    started = await startRegistry(scope);
    front = await startFront(scope, started);
    await openPusher(started).image('app', { tags: ['1'] });
    registry = open(scope, front.url);
  });
  afterAll(() => scope.close());

  test.each([
    [{ hang: 'before' }, 'no answer within 700 ms'],
    [{ hang: 'in the body' }, 'no answer within 700 ms'],
    [{ cut: 'in the body' }, 'its answer was cut off'],
  ] as const)('with %j gives no answer, in time', async (fault, message) => {
    front.fault({ path: /tags/, ...fault });
    const start = performance.now();
    expect(await refused(registry.tags('app'))).toEqual({ kind: 'registry', what: 'no-answer', message });
    expect(performance.now() - start).toBeLessThan(4000);
    expect(await registry.tags('app')).toEqual(['1']);
  });

  test('that closes what it kept is asked once more, over a new connection', async () => {
    await registry.tags('app');
    const from = front.requests.length;
    front.fault({ path: /tags/, cut: 'before' });
    expect(await registry.tags('app')).toEqual(['1']);
    expect(front.requests.length - from).toBe(2);
    // Nor is that repeated for ever.
    await registry.ping();
    const end = front.fault({ path: /tags/, cut: 'before', times: 9 });
    expect(await refused(registry.tags('app'))).toMatchObject({ what: 'no-answer' });
    expect(front.requests.length - from).toBe(5);
    end();
  });

  test('that drips is not listened to for ever', async () => {
    const drip: Server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 50);
      socket.once('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => drip.listen(0, '127.0.0.1', resolve));
    scope.defer(() => drip.close());
    const { port } = drip.address() as { port: number };
    const slow = open(scope, `http://127.0.0.1:${port}`, { limits: { silentMs: 1000, wholeMs: 1500 } });
    expect(await refused(slow.ping())).toMatchObject({ message: 'no whole answer within 1500 ms' });
  });

  test('that takes no TLS, or no HTTP, is found out', async () => {
    const { host } = started;
    expect(await refused(open(scope, `https://${host}`).ping())).toMatchObject({ what: 'unreachable' });
    const other = createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n\r\n'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    scope.defer(() => other.close());
    const { port } = other.address() as { port: number };
    expect(await refused(open(scope, `http://127.0.0.1:${port}`).ping())).toMatchObject({ what: 'wrong' });
  });

  test('whose connection never stands is unreachable', async () => {
    // It takes the connection and never says a word of TLS.
    const silent = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    scope.defer(() => silent.close());
    const { port } = silent.address() as { port: number };
    const client = open(scope, `https://127.0.0.1:${port}`, { limits: { connectMs: 300 } });
    expect(await refused(client.ping())).toMatchObject({
      what: 'unreachable',
      message: 'no connection within 300 ms',
    });
    client.close();
  });

  test('that is asked too often is given the time that it wants', async () => {
    const soon = (after?: string, times = 1) =>
      front.fault({
        ...{ path: /tags/, times },
        answer: { status: 429, headers: after === undefined ? {} : { 'retry-after': after } },
      });
    soon('1');
    let start = performance.now();
    expect(await registry.tags('app')).toEqual(['1']);
    expect(performance.now() - start).toBeGreaterThan(950);
    soon(new Date(Date.now() - 5000).toUTCString());
    expect(await registry.tags('app')).toEqual(['1']);
    start = performance.now();
    soon('3600');
    expect(await refused(registry.tags('app'))).toMatchObject({ what: 'limited' });
    expect(performance.now() - start).toBeLessThan(900);
    const from = front.requests.length;
    const end = soon('0', 99);
    expect(await refused(registry.tags('app'))).toMatchObject({ what: 'limited' });
    expect(front.requests.length - from).toBe(3);
    end();
  });

  test('takes many questions at once, which wait for a connection without limit', async () => {
    const slow = http.createServer((_, response) => {
      setTimeout(() => response.end('{"tags":["1"]}'), 600);
    });
    await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
    scope.defer(() => slow.close());
    const { port } = slow.address() as { port: number };
    // All together take longer than any of these.
    const limits = { connectMs: 500, silentMs: 1500, wholeMs: 1600 };
    const client = open(scope, `http://127.0.0.1:${port}`, { limits });
    const all = await Promise.all(Array.from({ length: 32 }, () => client.tags('app')));
    expect(all).toEqual(Array.from({ length: 32 }, () => ['1']));
    client.close();
  });

  test('that is closed while it is asked answers no more', async () => {
    const own = open(scope, front.url, { limits: { silentMs: 20_000, wholeMs: 20_000 } });
    front.fault({ path: /_catalog/, answer: { status: 429, headers: { 'retry-after': '15' } } });
    const waiting = refused(own.repositories());
    await new Promise((resolve) => setTimeout(resolve, 200));
    // Some of them still wait for a connection.
    const end = front.fault({ path: /tags/, hang: 'before', times: 99 });
    const asked = Promise.all(Array.from({ length: 12 }, () => refused(own.tags('app'))));
    await new Promise((resolve) => setTimeout(resolve, 200));
    own.close();
    const message = 'this connection to the registry is closed';
    const closed = { kind: 'registry', what: 'no-answer', message };
    expect(await asked).toEqual(Array.from({ length: 12 }, () => closed));
    end();
    expect(await waiting).toMatchObject({ what: 'limited' });
    expect(await refused(own.ping())).toMatchObject({ what: 'no-answer' });
  });
});
