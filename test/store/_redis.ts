import { afterAll, beforeAll } from 'vitest';
import { startRedis } from '../../playground/parts/redis.ts';
import { createScope } from '../../playground/parts/scope.ts';
import type { Log } from '../../src/ports.ts';
import { connect, type Redis } from '../../src/store/connect.ts';

export const silent: Log = { info() {}, warn() {}, error() {} };

/** Says of a Redis that it has all that it had, as a bot does once it has looked. */
export async function makeWhole(redis: Redis): Promise<void> {
  const [, id] = /run_id:(\w+)/.exec(await redis.info('server')) ?? [];
  await redis.set('{dimg}:whole', id ?? '');
}

/** A real Redis of the test file's own, and connections to it. */
export function ownRedis(name: string) {
  const scope = createScope(name);
  const state: { redis?: Redis; server?: Awaited<ReturnType<typeof startRedis>> } = {};
  beforeAll(async () => {
    state.server = await startRedis(scope);
    state.redis = connect(state.server.url, silent, 2_500);
    await state.redis.connect();
    await makeWhole(state.redis);
  });
  afterAll(async () => {
    state.redis?.disconnect();
    await scope.close();
  });
  return {
    get redis(): Redis {
      if (!state.redis) throw new Error('Redis is not up yet.');
      return state.redis;
    },
    get server() {
      if (!state.server) throw new Error('Redis is not up yet.');
      return state.server;
    },
    async another(): Promise<Redis> {
      const redis = connect(this.server.url, silent, 2_500);
      await redis.connect();
      scope.defer(() => redis.disconnect());
      return redis;
    },
  };
}
