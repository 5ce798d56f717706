import { randomUUID } from 'node:crypto';
import type { Redis } from './connect.ts';

/** Only the lock's own holder gives it back. */
const UNLOCK = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;
const KEEP = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`;

/** Takes a lock until it is given back, or for `ms` where its holder dies; `null` while somebody else holds it. */
export async function takeLock(redis: Redis, key: string, ms: number): Promise<(() => Promise<void>) | null> {
  const token = randomUUID();
  if ((await redis.set(key, token, 'PX', ms, 'NX')) === null) return null;
  const renewal = setInterval(() => {
    redis.eval(KEEP, 1, key, token, String(ms)).catch(() => undefined);
  }, ms / 3);
  return async () => {
    clearInterval(renewal);
    await redis.eval(UNLOCK, 1, key, token);
  };
}
