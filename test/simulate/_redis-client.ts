import type { Redis } from '../../src/store/connect.ts';
import type { Loop, Process } from './_loop.ts';
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
const BLOCK_MS = 20_000;

/** One thing done at Redis over a line that may fail; rejects as ioredis does. */
export function reach<T>(
  { loop, process, line, limitMs }: Connection,
  label: string,
  effect: () => T,
): Promise<T> {
  return loop
    .call(process, label, loop.latency(1), () => {
      const way = line();
      if (way === 'up') return { value: effect() };
      if (way === 'refused') throw connectionError('ECONNREFUSED');
      // It was cut in the middle: the command may have come through, its answer does not.
      if (loop.random.chance(0.5)) effect();
      return null;
    })
    .then(async (done) => {
      if (done) return done.value;
      await loop.sleep(process, limitMs);
      throw new Error('Command timed out');
    });
}

/** A client of the simulated Redis, as much of ioredis as dimg's store and queue use. */
export function openClient(connection: Connection): Redis {
  const { loop, data } = connection;
  const client: Record<string, unknown> = {
    disconnect() {},
    on() {},
    multi() {
      const queued: [string, string[]][] = [];
      const chain: Record<string, unknown> = {
        exec: () =>
          reach(connection, `MULTI ${queued.map(([name]) => name).join(' ')}`, () =>
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
        await waitFor(connection, key, end);
      }
    },
  };
  for (const name of NAMES)
    client[name] ??= (...args: unknown[]) => {
      const flat = plain(args);
      const label = name === 'eval' ? `EVAL ${flat[2]}` : `${name.toUpperCase()} ${flat[0]}`;
      return reach(connection, label, () => shaped(name, data.exec(name, flat)));
    };
  return client as unknown as Redis;
}

/** Until a key changes, or that time has come. */
export function waitFor({ loop, data, process }: Connection, key: string, until: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      data.changed.delete(hear);
      if (late.fire) late.fire = null;
      loop.at(loop.state.now, process, '', resolve);
    };
    const hear = (changed: string) => {
      if (changed === key) end();
    };
    const late = loop.at(until, process, '', end);
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

const plain = (args: unknown[]): string[] => args.flat(2).map(String);

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
