import { createServer, connect as dial, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { openQueue } from '../../../agents/host/queue.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { startRedis } from '../../../playground/parts/redis.ts';
import { createScope } from '../../../playground/parts/scope.ts';
import { type Heartbeat, key, PREFIX } from '../../../src/domain/protocol.ts';
import { HOST } from './_setup.ts';

const heartbeat: Heartbeat = {
  ...{ v: 1, host: HOST, identity: 'i', epoch: 'e', agent: 'test' },
  ...{ engine: null, problem: { kind: 'no-answer' }, disk: null, counts: null },
};

test.skipIf(skipWithout('a Redis that becomes a replica', 'redis'))(
  'once Redis has become a replica, heartbeats and jobs go by the address to the one that took over',
  async () => {
    const scope = createScope('demoted');
    onTestFinished(() => scope.close());
    const [former, next] = [await startRedis(scope), await startRedis(scope)];
    let leadsTo = former;
    const address = createServer((client: Socket) => {
      const upstream = dial({ host: '127.0.0.1', port: leadsTo.port });
      for (const end of [client, upstream]) end.on('error', () => {});
      client.pipe(upstream).pipe(client);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    });
    await new Promise<void>((resolve) => address.listen(0, '127.0.0.1', resolve));
    scope.defer(() => void address.close());
    const { port } = address.address() as { port: number };
    const hurry = new AbortController();
    hurry.abort();
    const queue = openQueue({
      ...{ url: `redis://127.0.0.1:${port}`, host: HOST, sleep: (ms) => sleep(ms) },
      ...{ log: { debug() {}, info() {}, warn() {}, error() {} }, monotonic: () => performance.now() },
    });
    scope.defer(() => queue.close(hurry.signal));
    const taken: unknown[] = [];
    await queue.listen(async (data) => void taken.push(data));
    const beat = () => queue.heartbeat(heartbeat, { run: null, audit: null }).then(() => 'taken', String);
    await expect.poll(beat).toBe('taken');

    const [old, now] = [former, next].map(({ url }) => new Redis(url, { maxRetriesPerRequest: null }));
    if (!old || !now) throw new Error('There are two.');
    scope.defer(() => old.disconnect());
    const jobs = new Queue(key.queue(HOST), { connection: now, prefix: PREFIX });
    scope.defer(() => now.disconnect());
    leadsTo = next;
    await old.replicaof('127.0.0.1', next.port);
    await expect.poll(beat, { timeout: 10_000 }).toBe('taken');
    await jobs.add('job', { some: 'job' });
    await expect.poll(() => taken, { timeout: 20_000 }).toEqual([{ some: 'job' }]);
  },
);
