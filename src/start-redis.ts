import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError } from '../agents/host/config-error.ts';
import type { Log } from './ports.ts';
import type { Redis } from './store/connect.ts';
import { volatility } from './store/durable.ts';

/** Waits for Redis, which may be starting as well. Rejects once it did not answer for 30 s. */
export const awaitRedis = (redis: Redis): Promise<void> =>
  untilAnswered(async () => {
    if (redis.status === 'wait') await redis.connect();
    await redis.ping();
  });

/** Throws a `ConfigError` where this Redis would lose data, unless that is allowed. */
export async function checkDurability(redis: Redis, allowed: boolean, log: Log): Promise<void> {
  const volatile = await untilAnswered(() => volatility(redis));
  if (volatile === 'unknown')
    log.warn(
      "Redis's settings can't be read: see that it persists (appendonly yes) and never evicts (noeviction)",
    );
  else if (volatile && !allowed)
    throw new ConfigError(`REDIS_URL: ${volatile.problem}, or start with --allow-volatile.`);
  else if (volatile) log.warn(`allowed to lose data: ${volatile.problem}`);
}

// --- internal ---

async function untilAnswered<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries >= 60) throw new Error('REDIS_URL: Redis did not answer for 30 s.', { cause: error });
      await sleep(500);
    }
  }
}
