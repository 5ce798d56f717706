import { Redis } from 'ioredis';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { skipWithout } from '../../../playground/parts/available.ts';
import { startRedis } from '../../../playground/parts/redis.ts';
import { createScope } from '../../../playground/parts/scope.ts';

function open() {
  const scope = createScope('test');
  onTestFinished(scope.close);
  return scope;
}

async function ask<T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

describe.skipIf(skipWithout('Redis', 'redis'))('Redis', () => {
  test('keeps data and port over a restart and over SIGKILL', async () => {
    const redis = await startRedis(open(), { appendfsync: 'always' });
    const first = redis.pid();
    await ask(redis.url, (r) => r.set('a', '1'));
    await redis.restart();
    expect(redis.pid()).not.toBe(first);
    expect(await ask(redis.url, (r) => r.get('a'))).toBe('1');
    await ask(redis.url, (r) => r.set('a', '2'));
    await redis.kill();
    expect(redis.running()).toBe(false);
    await redis.restart();
    expect(await ask(redis.url, (r) => r.get('a'))).toBe('2');
  });

  test('persists and never evicts, as the bot asks for', async () => {
    const redis = await startRedis(open(), { args: ['--maxmemory', '20mb'] });
    const config = await ask(redis.url, (r) => r.config('GET', 'maxmemory*', 'append*', 'save', 'bind'));
    expect(config).toEqual(
      expect.arrayContaining(['noeviction', 'yes', 'everysec', '20971520', '127.0.0.1']),
    );
  });

  test('several stand side by side; a paused one does not answer until it goes on', async () => {
    const scope = open();
    const [one, two] = await Promise.all([startRedis(scope), startRedis(scope)]);
    await ask(one.url, (r) => r.set('a', '1'));
    expect(await ask(two.url, (r) => r.get('a'))).toBeNull();
    one.pause();
    const answer = ask(one.url, (r) => r.get('a'));
    await expect(Promise.race([answer, new Promise((r) => setTimeout(r, 100, 'nothing'))])).resolves.toBe(
      'nothing',
    );
    one.resume();
    expect(await answer).toBe('1');
  });
});

test('where there is none, the sentence says what is wrong', async () => {
  const scope = open();
  vi.stubEnv('DIMG_REDIS_SERVER', '/no/such/redis');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  await expect(startRedis(scope)).rejects.toThrow('DIMG_REDIS_SERVER names no program: /no/such/redis');
});
