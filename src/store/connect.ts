import { Redis } from 'ioredis';
import { UserError } from '../domain/error.ts';
import type { Log } from '../ports.ts';

export type { Redis } from 'ioredis';

/**
 * A connection that fails at once while Redis is away, and after `limitMs` while it hangs, so that a person
 * gets an answer and nothing waits unseen.
 */
export function connect(url: string, log: Log, limitMs: number): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: 5_000,
    socketTimeout: 10_000,
    // A Redis that hangs would be asked again after each reconnection: the person hears of it after this.
    commandTimeout: limitMs,
    retryStrategy: (times) => Math.min(times * 200, 2_000),
  });
  let away = false;
  redis.on('error', (error: Error) => {
    // One line per outage; a socket that idles into its timeout just reconnects.
    if (!away) log.warn('lost the connection to Redis', { error: error.message });
    away = true;
  });
  redis.on('ready', () => {
    if (away) log.info('the connection to Redis is back');
    away = false;
  });
  return redis;
}

/** Runs something on Redis; a failure of the connection becomes a sentence for people. */
export async function reaching<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isConnectionError(error)) throw error;
    throw new UserError("I can't reach Redis, so nothing was started. Try again in a minute.", {
      cause: error,
    });
  }
}

/** Milliseconds by the Redis server's clock; kept by an offset that is measured anew now and then. */
export async function redisClock(redis: Redis): Promise<{ now: () => number; measure: () => Promise<void> }> {
  let offset = 0;
  const measure = async () => {
    const before = Date.now();
    const [seconds, micros] = await redis.time();
    const after = Date.now();
    offset = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) - (before + after) / 2;
  };
  await measure();
  return { now: () => Math.round(Date.now() + offset), measure };
}

// --- internal ---

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENETUNREACH|NR_CLOSED)/.test(code ?? '') ||
    error.name === 'MaxRetriesPerRequestError' ||
    /Connection is closed|isn't writeable|Socket timeout|Command timed out|max retries per request|LOADING|READONLY|MISCONF|OOM command/i.test(
      error.message,
    )
  );
}
