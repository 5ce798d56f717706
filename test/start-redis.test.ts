import { describe, expect, test } from 'vitest';
import { skipWithout } from '../playground/parts/available.ts';
import { checkDurability } from '../src/start-redis.ts';
import { ownRedis, silent } from './store/_redis.ts';

describe.skipIf(skipWithout('a Redis that is slow at first', 'redis'))('a Redis that', () => {
  const own = ownRedis('start-redis');

  test('does not answer for a moment is asked again', async () => {
    await own.redis.config('SET', 'appendonly', 'no');
    const hanging = await own.another();
    let asked = 0;
    const config = hanging.config.bind(hanging) as (...args: string[]) => Promise<unknown>;
    hanging.config = (async (...args: string[]) => {
      if (++asked === 1) throw new Error('Command timed out');
      return config(...args);
    }) as typeof hanging.config;
    await expect(checkDurability(hanging, false, silent)).rejects.toThrow('set appendonly yes');
  });
});
