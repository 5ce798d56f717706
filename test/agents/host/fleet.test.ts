import { beforeEach, describe, expect, test } from 'vitest';
import { readFleet, readHosts, readTold, readUsed, tellFleet } from '../../../agents/host/fleet.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import type { ImageId } from '../../../src/domain/ids.ts';
import { key } from '../../../src/domain/protocol.ts';
import { aHostStatus, DAY, host, id, NOW } from '../../domain/_build.ts';
import { ownRedis } from '../../store/_redis.ts';

describe.skipIf(skipWithout('what hosts tell of their images', 'redis'))('what hosts have', () => {
  const own = ownRedis('fleet');
  beforeEach(() => own.redis.flushdb());

  const beats = async (name: string, at = NOW, given: Parameters<typeof aHostStatus>[1] = {}) => {
    const { seenAt: _, ...beat } = aHostStatus(name, given);
    await own.redis.hset(key.hosts, name, JSON.stringify(beat));
    await own.redis.zadd(key.seen, at, name);
  };
  const tells = (
    name: string,
    images: Record<string, boolean>,
    at = NOW,
    used: Record<string, string[]> = {},
  ) =>
    tellFleet(
      own.redis,
      host(name),
      {
        images: new Map(Object.entries(images).map(([one, isUsed]) => [id(one), isUsed])),
        used: new Map(Object.entries(used).map(([name, list]) => [name, new Set(list.map(id))])),
      },
      'mark',
      at,
    );
  const read = async (names: readonly string[], now = NOW) => {
    const { holders, unheard } = await readFleet(own.redis, names.map(id), await readHosts(own.redis, now));
    const found = names.flatMap((name) => {
      const list = (holders.get(id(name)) ?? []).map((one) => `${one.host}${one.used ? ' uses it' : ''}`);
      return list.length > 0 ? [[name, ...list.sort()]] : [];
    });
    return { found, unheard };
  };

  test('is known by whom, and whether a container uses it', async () => {
    for (const name of ['host-1', 'host-2', 'host-3']) await beats(name);
    await tells('host-1', { a: true, b: false });
    await tells('host-2', { a: false });
    await tells('host-3', {});
    expect(await read(['a', 'b', 'c'])).toEqual({
      found: [
        ['a', 'host-1 uses it', 'host-2'],
        ['b', 'host-1'],
      ],
      unheard: [],
    });
  });

  test('is what they told last, and nothing of before', async () => {
    await beats('host-1');
    await tells('host-1', { a: true, b: true });
    await tells('host-1', { b: false });
    expect((await read(['a', 'b'])).found).toEqual([['b', 'host-1']]);
  });

  test('is unheard of a host that beats and never told', async () => {
    for (const name of ['host-2', 'host-1', 'host-3']) await beats(name);
    await tells('host-3', {});
    expect(await read([])).toEqual({ found: [], unheard: ['host-1', 'host-2'] });
    expect((await read(['a'])).unheard).toEqual(['host-1', 'host-2']);
  });

  test('is unheard of a host that beats on and has not told for a day and an hour', async () => {
    const HOUR = DAY / 24;
    for (const [name, late] of [
      ['host-1', 25 * HOUR],
      ['host-2', 25 * HOUR + 1],
    ] as const) {
      await tells(name, { a: true }, NOW - 60 * DAY);
      await beats(name, NOW - 60 * DAY + late);
    }
    const { found, unheard } = await read(['a']);
    expect(unheard).toEqual(['host-2']);
    // What it told then may still be so.
    expect(found).toEqual([['a', 'host-1 uses it', 'host-2 uses it']]);
  });

  test('is known by repository as far as containers use it', async () => {
    for (const name of ['host-1', 'host-2', 'old', 'gone']) await beats(name);
    await tells('host-1', { a: true, b: true }, NOW, { 'team/app': ['a', 'b'], other: ['a'] });
    await tells('host-2', { c: true }, NOW, { 'team/app': ['c'] });
    await own.redis.hset(key.has(host('old')), { at: NOW, [id('a')]: '1' });
    await own.redis.hset(key.has(host('host-2')), 'used-in other', `../x ${id('b')} sha256:12`);
    const used = await readUsed(
      own.redis,
      ['team/app', 'none', 'other'],
      (await readHosts(own.redis, NOW)).keys(),
    );
    const sorted = [...used].map(([name, digests]) => [name, [...digests].sort()]).sort();
    expect(sorted).toEqual([
      ['other', [id('a'), id('b')].sort()],
      ['team/app', [id('a'), id('b'), id('c')].sort()],
    ]);
    // Earlier agents read it as it was.
    expect(await own.redis.hget(key.has(host('host-1')), id('a'))).toBe('1');
    expect(await readUsed(own.redis, [], [])).toEqual(new Map());
  });

  test('stands there under its mark, with its age', async () => {
    expect(await readTold(own.redis, host('host-1'), NOW)).toBeNull();
    await tells('host-1', {}, NOW - 5);
    expect(await readTold(own.redis, host('host-1'), NOW)).toEqual({ mark: 'mark', ageMs: 5 });
  });

  test('counts of a host that is off for weeks, and not of one silent for ninety days', async () => {
    await beats('weeks', NOW - 80 * DAY);
    await tells('weeks', { a: true }, NOW - 80 * DAY);
    await beats('gone', NOW - 90 * DAY - 1);
    await tells('gone', { a: true }, NOW - 90 * DAY - 1);
    await beats('never', NOW - 91 * DAY);
    expect(await read(['a'])).toEqual({ found: [['a', 'weeks uses it']], unheard: [] });
    const left = await own.redis.pttl(key.has(host('weeks')));
    expect(left).toBeGreaterThan(89 * DAY);
    expect(left).toBeLessThanOrEqual(90 * DAY);
  });

  test('is nothing that a registry has: its heartbeat is no host', async () => {
    await beats('main', NOW, { registry: { url: 'https://r' }, engine: null });
    await beats('host-1');
    await tells('host-1', {});
    expect(await read(['a'])).toEqual({ found: [], unheard: [] });
  });

  test('is unheard of a host whose heartbeat nobody can read', async () => {
    await own.redis.hset(key.hosts, 'host-1', 'nothing of ours');
    await own.redis.zadd(key.seen, NOW, 'host-1');
    expect((await read(['a'])).unheard).toEqual(['host-1']);
  });

  test('is told and read whole of 5,000 images on each of many hosts', async () => {
    const images = new Map(Array.from({ length: 5_000 }, (_, i) => [id(String(i)), i % 7 === 0] as const));
    const names = Array.from({ length: 30 }, (_, i) => `host-${i}`);
    for (const name of names) {
      await beats(name);
      await tellFleet(own.redis, host(name), { images, used: new Map() }, 'mark', NOW);
    }
    expect(await own.redis.hlen(key.has(host('host-0')))).toBe(5_002);
    const { holders, unheard } = await readFleet(
      own.redis,
      [...images.keys()],
      await readHosts(own.redis, NOW),
    );
    expect(unheard).toEqual([]);
    expect(holders.size).toBe(5_000);
    for (const [image, used] of images) {
      const held = holders.get(image) ?? [];
      expect(new Set(held.map((one) => one.host)).size).toBe(30);
      expect(held.every((one) => one.used === used)).toBe(true);
    }
  }, 30_000);

  test('is forgotten with all else, and there again once they tell anew', async () => {
    await beats('host-1');
    await tells('host-1', { a: true });
    await own.redis.flushall();
    expect(await read(['a'])).toEqual({ found: [], unheard: [] });
    await beats('host-1');
    expect((await read(['a'])).unheard).toEqual(['host-1']);
    await tells('host-1', { a: true });
    expect(await read(['a'])).toEqual({ found: [['a', 'host-1 uses it']], unheard: [] });
  });

  test('lies in one slot of a cluster for each command', async () => {
    const asked: string[][] = [];
    const note =
      (name: string) =>
      (...args: unknown[]) => {
        asked.push([name, ...args.map(String)]);
        return (own.redis as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>)[name]?.(
          ...args,
        );
      };
    const redis = Object.fromEntries(
      ['hgetall', 'zrangebyscore', 'hmget', 'eval'].map((name) => [name, note(name)]),
    );
    await beats('host-1');
    const all = { images: new Map([[id('a') as ImageId, true]]), used: new Map() };
    await tellFleet(redis as never, host('host-1'), all, 'mark', NOW);
    const hosts = await readHosts(redis as never, NOW);
    await readUsed(redis as never, ['app'], hosts.keys());
    await readTold(redis as never, host('host-1'), NOW);
    await readFleet(redis as never, [id('a')], hosts);
    const keys = asked.flatMap(([, ...args]) => args.filter((arg) => arg.startsWith('{')));
    expect(keys.length).toBeGreaterThan(3);
    for (const one of keys) expect(one).toMatch(/^\{dimg\}:/);
  });
});
