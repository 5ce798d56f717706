import { type Queue, Worker } from 'bullmq';
import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { type Job, key, PREFIX } from '../../src/domain/protocol.ts';
import { openJobs } from '../../src/queue/jobs.ts';
import { HOST, NOW } from '../domain/_build.ts';
import { ownRedis, silent } from '../store/_redis.ts';

describe.skipIf(skipWithout('the queue of a host', 'redis'))('a job', () => {
  const own = ownRedis('queue-jobs');

  test('that was sent is not sent twice; asked again it comes again, unless somebody is at it', async () => {
    const jobs = openJobs(own.redis, silent);
    const job: Job = {
      ...{ v: 1, id: `execute-1-${HOST}`, host: HOST, epoch: 'e', notAfter: NOW, run: 1 },
      ...{ kind: 'restore', planDigest: `sha256:${'0'.repeat(64)}`, items: [] },
    } as unknown as Job;
    const taken: string[] = [];
    let hold: Promise<void> | undefined;
    const worker = new Worker(
      key.queue(HOST),
      async ({ id }) => {
        taken.push(id ?? '');
        await hold;
      },
      {
        connection: (await own.another()) as unknown as Queue['opts']['connection'],
        prefix: PREFIX,
        skipVersionCheck: true,
      },
    );
    worker.on('error', () => {});
    const isOver = async () => (await own.redis.zcard(`${PREFIX}:${key.queue(HOST)}:completed`)) === 1;
    await jobs.send(job);
    await expect.poll(isOver, { timeout: 10_000 }).toBe(true);
    await jobs.send(job);
    let letGo = () => {};
    hold = new Promise((go) => {
      letGo = go;
    });
    await jobs.again(job);
    await expect.poll(() => taken.length, { timeout: 10_000 }).toBe(2);
    await jobs.again(job);
    letGo();
    await expect.poll(isOver, { timeout: 10_000 }).toBe(true);
    expect(taken).toEqual([job.id, job.id]);
    await worker.close();
    await jobs.close();
  });
});
