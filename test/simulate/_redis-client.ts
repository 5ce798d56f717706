import type { Redis } from '../../src/store/connect.ts';
import { callOff, type Loop, type Process } from './_loop.ts';
import type { RedisData } from './_redis-data.ts';

/** How a process reaches Redis at this instant: it does, is refused, or nothing comes back (and may have had its effect). */
export type Line = 'up' | 'refused' | 'silent';

export interface Connection {
  loop: Loop;
  data: RedisData;
  process: Process;
  line: () => Line;
  /** After so many milliseconds without an answer a command fails. */
  limitMs: number;
}

/** Waits of a blocking read are longer than the real ones, so that idle hours cost nothing. */
const BLOCK_MS = 30_000;

/** One thing done at Redis over a line that may fail; rejects as ioredis does. */
export function reach<T>(
  { loop, process, line, limitMs }: Connection,
  label: string,
  effect: () => T,
): Promise<T> {
  return loop.ask(process, label, loop.latency(1), (answer, refuse) => {
    const way = line();
    if (way === 'up') return answer(effect());
    if (way === 'refused') throw connectionError('ECONNREFUSED');
    // It was cut in the middle: the command may have come through, its answer does not.
    loop.at(loop.state.now + limitMs, process, 'waits in vain', () => refuse(new Error('Command timed out')));
    if (loop.random.chance(0.5)) effect();
  });
}

/** A client of the simulated Redis, as much of ioredis as dimg's store and queue use. */
export function openClient(connection: Connection): Redis {
  const { loop, data } = connection;
  const told = (label: () => string) => (loop.state.trace ? label() : '');
  const client: Record<string, unknown> = {
    disconnect() {},
    on() {},
    multi() {
      const queued: [string, string[]][] = [];
      const chain: Record<string, unknown> = {
        exec: () =>
          reach(
            connection,
            told(() => `MULTI ${queued.map(([name]) => name).join(' ')}`),
            () =>
              queued.map(([name, args]): [Error | null, unknown] => [
                null,
                shaped(name, data.exec(name, args)),
              ]),
          ),
      };
      for (const name of NAMES)
        chain[name] = (...args: unknown[]) => {
          queued.push([name, plain(args)]);
          return chain;
        };
      return chain;
    },
    async xreadgroup(...given: unknown[]) {
      const args = plain(given);
      const end = loop.state.now + BLOCK_MS;
      const [key = '', from] = args.slice(args.indexOf('STREAMS') + 1);
      for (;;) {
        const found = await reach(connection, 'XREADGROUP', () => data.exec('XREADGROUP', args));
        if (found !== null || from !== '>' || loop.state.now >= end) return found;
        await waitFor(connection, key, end, 'xadd');
      }
    },
  };
  for (const name of NAMES)
    client[name] ??= (...args: unknown[]) => {
      const flat = plain(args);
      const label = told(() => (name === 'eval' ? `EVAL ${flat[2]}` : `${name.toUpperCase()} ${flat[0]}`));
      return reach(connection, label, () => shaped(name, data.exec(name, flat)));
    };
  return client as unknown as Redis;
}

/**
 * Until a key is changed, by a certain command where one is named, or that time has come. It may be another's turn then: what follows must go on with a call of its own.
 */
export function waitFor(
  { loop, data, process }: Connection,
  key: string,
  until: number,
  command?: string,
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      data.changed.delete(hear);
      callOff(late);
      if (process.alive) resolve();
    };
    const hear = (changed: string, by: string) => {
      if (changed === key && (command ?? by) === by) end();
    };
    const late = until === Number.MAX_VALUE ? null : loop.at(until, process, '', end);
    data.changed.add(hear);
  });
}

// --- internal ---

const NAMES = [
  ...[
    'set',
    'get',
    'incr',
    'del',
    'exists',
    'expire',
    'pexpire',
    'sadd',
    'srem',
    'smembers',
    'smismember',
    'srandmember',
  ],
  ...['hget', 'hset', 'hsetnx', 'hdel', 'hgetall', 'hmget', 'hexists', 'hlen', 'zadd', 'zrem', 'zrange'],
  ...[
    'zrangebyscore',
    'zscore',
    'zcard',
    'xadd',
    'xdel',
    'xack',
    'xrange',
    'xrevrange',
    'xgroup',
    'xautoclaim',
  ],
  ...['xlen', 'xreadgroup', 'eval', 'time', 'ping', 'lpop', 'rpush', 'hvals'],
];

function plain(args: unknown[]): string[] {
  const list = args.some(Array.isArray) ? args.flat(2) : args;
  for (let i = 0; i < list.length; i++) if (typeof list[i] !== 'string') list[i] = String(list[i]);
  return list as string[];
}

function shaped(name: string, reply: unknown): unknown {
  if (name !== 'hgetall') return reply;
  const fields: Record<string, string> = {};
  const list = reply as string[];
  for (let i = 0; i < list.length; i += 2) fields[list[i] ?? ''] = list[i + 1] ?? '';
  return fields;
}

function connectionError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}
