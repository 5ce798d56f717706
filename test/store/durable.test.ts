import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { volatility } from '../../src/store/durable.ts';
import { ownRedis } from './_redis.ts';

describe.skipIf(skipWithout("Redis's own settings", 'redis'))('a Redis that', () => {
  const own = ownRedis('store-durable');
  beforeAll(() => own.redis.config('SET', 'appendonly', 'yes'));
  afterAll(() => own.redis.config('SET', 'appendonly', 'yes'));

  test('persists and never evicts will do', async () => {
    expect(await volatility(own.redis)).toBeNull();
  });

  test('keeps nothing when it stops is refused, with the way out', async () => {
    await own.redis.config('SET', 'appendonly', 'no');
    expect(await volatility(own.redis)).toEqual({ problem: expect.stringContaining('set appendonly yes') });
    await own.redis.config('SET', 'appendonly', 'yes');
  });

  test('evicts is refused, with the way out', async () => {
    await own.redis.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru');
    expect(await volatility(own.redis)).toEqual({ problem: expect.stringContaining('noeviction') });
    await own.redis.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
  });

  test('does not tell its settings is unknown', async () => {
    await own.redis.call('ACL', 'SETUSER', 'blind', 'on', '>word', '~*', '+@all', '-config');
    const blind = await own.another();
    await blind.call('AUTH', 'blind', 'word');
    expect(await volatility(blind)).toBe('unknown');
  });
});
