import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { HostName } from '../domain/ids.ts';
import { type Job, key, PREFIX } from '../domain/protocol.ts';
import type { Jobs, Log } from '../ports.ts';

/** One BullMQ queue per host, since only the agent of a host may take its jobs. */
export function openJobs(redis: Redis, log: Log): Jobs & { close(): Promise<void> } {
  const queues = new Map<HostName, Queue>();

  function queueOf(host: HostName): Queue {
    const known = queues.get(host);
    if (known) return known;
    const queue = new Queue(key.queue(host), {
      connection: redis,
      prefix: PREFIX,
      skipVersionCheck: true,
      // Results go through the report stream; BullMQ's own event stream would be megabytes a queue.
      streams: { events: { maxLen: 100 } },
    });
    queue.on('error', (error) => log.warn('the queue of a host has trouble', { host, error: error.message }));
    queues.set(host, queue);
    return queue;
  }

  async function send(job: Job): Promise<void> {
    await queueOf(job.host).add(job.kind, job, {
      jobId: job.id,
      attempts: 1,
      // Finished jobs stay a while: as long as an id is known it can't be queued twice.
      removeOnComplete: { age: 3600, count: 200 },
      removeOnFail: { age: 3600, count: 200 },
    });
  }

  return {
    send,
    async again(job) {
      // One that is being worked on stays.
      await queueOf(job.host).remove(job.id);
      await send(job);
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
