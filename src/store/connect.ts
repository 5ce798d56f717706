import { Redis } from 'ioredis';
import { mayCount, nothingStarted } from '../domain/away.ts';
import { UserError } from '../domain/error.ts';
import type { Log } from '../ports.ts';

export type { Redis } from 'ioredis';

/**
 * A connection that fails at once while Redis is away, and after `limitMs` while it hangs, so that a person
 * gets an answer and nothing waits unseen. Nothing is ever sent twice: whoever sent it decides.
 */
export function connect(url: string, log: Log, limitMs: number): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    // What was sent before a connection broke fails with it.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    connectTimeout: 5_000,
    socketTimeout: 10_000,
    commandTimeout: limitMs,
    retryStrategy: (times) => Math.min(times * 200, 2_000),
    // One that has become a replica keeps its connections: the address may stand for another by now.
    reconnectOnError: ({ message }) => /^READONLY\b|-READONLY /.test(message),
  });
  // Once one command was not answered in time the next need not wait as long to learn it.
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (...sent) => {
    const answer = send(...sent);
    Promise.resolve(answer).catch((error: Error) => {
      if (TIMED_OUT.test(error.message) && redis.status === 'ready') redis.disconnect(true);
    });
    return answer;
  };
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

/**
 * Runs something on Redis; a failure of the connection becomes a sentence for people. With `stores` it says so where
 * what was sent may have been stored all the same.
 */
export async function reaching<T>(work: () => Promise<T>, stores?: 'stores'): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isConnectionError(error)) throw error;
    throw new UserError(stores && !NOT_TAKEN.test(error.message) ? mayCount : nothingStarted, {
      cause: error,
    });
  }
}

/**
 * Milliseconds by the Redis server's clock, between two measures by a clock of this process that never jumps. `jumped`
 * says that it must be measured anew: the machine slept, in which that clock stands still, or its wall clock was set.
 */
export async function redisClock(
  redis: Pick<Redis, 'time'>,
  { monotonic, wall } = { monotonic: () => performance.now(), wall: Date.now },
): Promise<{ now: () => number; measure: () => Promise<void>; jumped: () => boolean }> {
  let last = { at: 0, monotonic: 0, wall: 0 };
  const measure = async () => {
    const before = monotonic();
    const [seconds, micros] = await redis.time();
    const now = monotonic();
    const server = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
    last = { at: server + (now - before) / 2, monotonic: now, wall: wall() };
  };
  await measure();
  return {
    now: () => Math.round(last.at + monotonic() - last.monotonic),
    measure,
    jumped: () => Math.abs(wall() - last.wall - (monotonic() - last.monotonic)) > JUMP_MS,
  };
}

// --- internal ---

/** More than clocks drift apart, or are slewed, between two measures. */
const JUMP_MS = 1_000;
const TIMED_OUT = /Command timed out/i;
/** It was never sent, or Redis refused it before anything of it was done. */
const NOT_TAKEN =
  /isn't writeable|^(LOADING|READONLY|MISCONF|OOM|CLUSTERDOWN|MASTERDOWN)\b|-(READONLY|MISCONF|OOM) /;

function isConnectionError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return (
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOST|ENETUNREACH|NR_CLOSED)/.test(code ?? '') ||
    error.name === 'MaxRetriesPerRequestError' ||
    /Connection is closed|isn't writeable|Socket timeout|Command timed out|max retries per request|LOADING|READONLY|MISCONF|OOM command|CLUSTERDOWN|MASTERDOWN/i.test(
      error.message,
    )
  );
}
