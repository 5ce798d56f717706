import { mkdirSync, mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onFreePort } from './port.ts';
import { findProgram } from './programs.ts';
import type { Scope } from './scope.ts';
import { type Service, startService } from './service.ts';

export type RedisOptions = {
  readonly appendfsync?: 'always' | 'everysec' | 'no';
  /** Further options of redis-server, such as `['--maxmemory', '10mb']`; they win over ours. */
  readonly args?: readonly string[];
};

export type Redis = Service & { readonly url: string; readonly port: number };

/** True, or a sentence that says how to get a Redis. */
export function redisAvailable(): true | string {
  if (redisProgram() !== undefined) return true;
  const named = process.env.DIMG_REDIS_SERVER;
  if (named) return `DIMG_REDIS_SERVER names no program: ${named}.`;
  return 'There is no Redis: run `apt-get install redis-server` or `brew install redis`, or name one in DIMG_REDIS_SERVER.';
}

/** Starts a Redis that keeps what it is told: data and port survive `restart()` and `kill()`. */
export function startRedis(scope: Scope, options: RedisOptions = {}): Promise<Redis> {
  const command = redisProgram();
  if (command === undefined) return Promise.reject(new Error(String(redisAvailable())));
  return onFreePort(async (port) => {
    mkdirSync(join(scope.dir, 'redis'), { recursive: true });
    const dir = mkdtempSync(join(scope.dir, 'redis', 'data-'));
    const fixed = { bind: '127.0.0.1', port: String(port), dir, save: '', 'maxmemory-policy': 'noeviction' };
    const append = { appendonly: 'yes', appendfsync: options.appendfsync ?? 'everysec' };
    const settings = Object.entries({ ...fixed, ...append }).flatMap(([key, value]) => [`--${key}`, value]);
    const service = await startService(scope, {
      command,
      args: [...settings, ...(options.args ?? [])],
      name: `redis-${port}`,
      ready: () => answersPing(port),
    });
    return { ...service, port, url: `redis://127.0.0.1:${port}` };
  });
}

// --- internal ---

function redisProgram(): string | undefined {
  const named = process.env.DIMG_REDIS_SERVER;
  return named ? findProgram(named) : findProgram('redis-server', 'valkey-server');
}

// While Redis reads its append-only file it listens already, but answers `-LOADING`.
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1000 });
    const done = (up: boolean) => {
      socket.destroy();
      resolve(up);
    };
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
    socket.once('data', (data) => done(data.toString().startsWith('+PONG')));
    socket.once('close', () => done(false));
    socket.write('PING\r\n');
  });
}
