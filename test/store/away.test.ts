import { createServer, connect as dial, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { requested } from '../../src/domain/facts.ts';
import { connect, type Redis } from '../../src/store/connect.ts';
import { openRuns } from '../../src/store/runs.ts';
import { ANA, aRun, NOW } from '../domain/_build.ts';
import { makeWhole, ownRedis, silent } from './_redis.ts';

/** Between a bot and Redis: lets what is stored through, and then keeps the answer, or cuts the line. */
describe.skipIf(skipWithout('answers of Redis that get lost', 'redis'))('what was sent to be stored', () => {
  const own = ownRedis('store-away');
  let redis: Redis;
  let mood: 'open' | 'cut before' | 'cut after' | 'hold' = 'open';
  let address = 0;
  const server = createServer((client: Socket) => {
    const { port } = new URL(own.server.url);
    const upstream = dial({ host: '127.0.0.1', port: Number(port) });
    for (const end of [client, upstream]) end.on('error', () => {});
    let quiet = false;
    client.on('data', (data) => {
      const stores = data.includes('XADD');
      if (stores && mood === 'cut before') {
        client.destroy();
        return;
      }
      quiet ||= stores && mood !== 'open';
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (!quiet) client.write(data);
      else if (mood === 'cut after') client.destroy();
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = (server.address() as { port: number }).port;
    redis = connect(`redis://127.0.0.1:${address}`, silent, 500);
    await redis.connect();
  });
  afterAll(() => {
    redis.disconnect();
    server.close();
  });
  const runs = () => openRuns(redis, () => NOW, 90);
  const create = (delivery: string) =>
    runs().create(delivery, (id) => ({ ...aRun(), id }), requested, 'there');
  const back = async () => {
    mood = 'open';
    await expect.poll(() => redis.ping().catch(() => 'away'), { timeout: 10_000 }).toBe('PONG');
  };

  test.each(['cut after', 'hold'] as const)(
    'and was stored though nobody heard of it: people are told that it may count, and it does (%s)',
    async (how) => {
      mood = how;
      await expect(create(how)).rejects.toThrow(/may have counted or not/);
      // Nobody need wait once more to learn the same.
      if (how === 'hold')
        await expect(runs().open()).rejects.toMatchObject({
          cause: { message: expect.stringContaining("isn't writeable") },
        });
      await back();
      const [id] = await runs().askedBy(ANA, 1);
      expect(await runs().load(id as never)).toMatchObject({ id, state: 'planning' });
      // Delivered again it is the same.
      expect(await create(how)).toBeNull();
    },
  );

  test('and did not get there: it is not stored later, unless it is sent again', async () => {
    const before = await runs().askedBy(ANA, 10);
    mood = 'cut before';
    await expect(create('lost')).rejects.toThrow(/may have counted or not/);
    await back();
    expect(await runs().askedBy(ANA, 10)).toEqual(before);
    expect(await create('lost')).toMatchObject({ state: 'planning' });
  });

  test('while Redis is away was certainly not', async () => {
    await own.server.stop();
    await expect(create('away')).rejects.toThrow(/nothing was started/);
    await own.server.restart();
    await back();
    await makeWhole(redis);
    expect(await create('away')).toMatchObject({ state: 'planning' });
  });

  test('and was refused was certainly not', async () => {
    await own.redis.config('SET', 'maxmemory', '1');
    await expect(create('full')).rejects.toThrow(/nothing was started/);
    await own.redis.config('SET', 'maxmemory', '0');
    expect(await create('full')).toMatchObject({ state: 'planning' });
  });

  test('and was refused by a replica was certainly not, and the next goes by another connection', async () => {
    const before = await redis.client('ID');
    await own.redis.replicaof('127.0.0.1', 1);
    await expect(create('replica')).rejects.toThrow(/nothing was started/);
    // A connection that is being made answers this before it takes anything else.
    const connection = async () => (redis.status === 'ready' ? redis.client('ID') : before);
    await expect.poll(() => connection().catch(() => before), { timeout: 10_000 }).not.toBe(before);
    await own.redis.replicaof('NO', 'ONE');
    expect(await create('replica')).toMatchObject({ state: 'planning' });
  });
});
