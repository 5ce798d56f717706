import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from './connect.ts';

/** Whose it is, for so many seconds. Key: that. Arguments: who asks, seconds. */
export const MINE = `
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])
return redis.call('GET', KEYS[1])`;
const ANSWERED = 'answered';
const DAY_S = 86_400;

/**
 * Takes up what must be answered once: resolves to what says that it is answered, or to `null` once somebody else has.
 * Whoever holds it for longer than so many seconds may be dead, and is taken over from.
 */
export async function takeClaim(
  redis: Redis,
  key: string,
  seconds: number,
): Promise<(() => Promise<void>) | null> {
  const who = randomUUID();
  for (;;) {
    const holder = await redis.eval(MINE, 1, key, who, String(seconds));
    if (holder === ANSWERED || holder === '1') return null;
    if (holder === who) break;
    await sleep(250);
  }
  // Should this fail it is taken for unanswered, and done once more if it comes again.
  return async () => void (await redis.set(key, ANSWERED, 'EX', DAY_S).catch(() => undefined));
}
