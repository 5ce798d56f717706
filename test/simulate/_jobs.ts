import type { HostName } from '../../src/domain/ids.ts';
import type { Job } from '../../src/domain/protocol.ts';
import type { Loop, Process } from './_loop.ts';

interface Queued {
  id: string;
  data: Job;
  state: 'waiting' | 'active' | 'over';
  /** When it was done, or was found to have stalled. */
  overAt: number;
  /** Whose hands it is in. */
  by: Process | null;
}

/** Finished jobs are remembered for so long; as in `src/queue/jobs.ts`. */
const REMEMBERED_MS = 3_600_000;
/** A worker's lock, and how often a worker looks for those that were lost; as BullMQ has it. */
const LOCK_MS = 30_000;

interface Worker {
  process: Process;
  take(data: unknown): Promise<void>;
  /** Whether it reaches Redis. */
  reaches(): boolean;
  closing: boolean;
}

export type JobQueue = ReturnType<typeof openJobQueue>;

/**
 * BullMQ's queues as dimg uses them: an id is taken once as long as it is remembered; a job whose worker died stalls and
 * comes to the next one; a worker that is cut off takes none.
 */
export function openJobQueue(loop: Loop) {
  const queues = new Map<HostName, Queued[]>();
  const workers = new Map<HostName, Worker>();
  /** All that ever were. */
  const made = new Map<string, Job>();
  const of = (host: HostName): Queued[] => {
    const known = queues.get(host) ?? [];
    queues.set(host, known);
    return known;
  };

  function pump(host: HostName): void {
    const worker = workers.get(host);
    if (!worker?.process.alive || worker.closing) return;
    if (!of(host).some(({ state }) => state === 'waiting')) return;
    loop.at(loop.state.now + loop.latency(2), worker.process, 'takes a job', () => {
      if (!worker.reaches()) {
        loop.at(loop.state.now + 1_000, worker.process, '', () => pump(host));
        return;
      }
      const next = of(host).find(({ state }) => state === 'waiting');
      if (!next || worker.closing) return;
      next.state = 'active';
      next.by = worker.process;
      loop.say(() => `${worker.process.name} has taken ${next.id}`);
      const over = () => {
        next.state = 'over';
        next.overAt = loop.state.now;
      };
      worker.take(next.data).then(over, over);
      pump(host);
    });
  }

  return {
    /** Done at once: called where the command has its effect. */
    add(job: Job, again = false): void {
      const queue = of(job.host);
      const known = queue.findIndex(({ id }) => id === job.id);
      const old = queue[known];
      if (old) {
        const kept = old.state !== 'over' || loop.state.now - old.overAt < REMEMBERED_MS;
        if (again ? old.state === 'active' : kept) return;
        queue.splice(known, 1);
      }
      const copy = JSON.parse(JSON.stringify(job)) as Job;
      made.set(job.id, copy);
      queue.push({ id: job.id, data: copy, state: 'waiting', overAt: 0, by: null });
      pump(job.host);
    },
    listen(host: HostName, worker: Worker): void {
      workers.set(host, worker);
      pump(host);
      const look = () => {
        for (const one of of(host))
          if (one.state === 'active' && one.by?.alive === false) one.state = 'waiting';
        pump(host);
      };
      // By then the locks of those that died are over; it looks again and again, but no other worker can die meanwhile.
      loop.at(
        loop.state.now + LOCK_MS + loop.random.below(LOCK_MS),
        worker.process,
        'looks for stalled jobs',
        look,
      );
    },
    /** A job that was handed out comes once more, as after a restored snapshot. */
    repeat(host: HostName, which: number): void {
      const queue = of(host);
      const job = queue[which % Math.max(1, queue.length)];
      const worker = workers.get(host);
      if (!job || !worker?.process.alive || worker.closing) return;
      loop.say(() => `${job.id} comes again`);
      loop.at(loop.state.now, worker.process, 'takes a job again', () => void worker.take(job.data));
    },
    /** What a job was, for those who look. */
    job: (id: string): Job | undefined => made.get(id),
    forget(): void {
      queues.clear();
    },
    /** What goes back to all jobs as they are now: what was at hand has lost its lock by then, and comes again. */
    snapshot(): () => void {
      const kept = [...queues].map(([host, jobs]) => [host, jobs.map((one) => ({ ...one }))] as const);
      return () => {
        queues.clear();
        for (const [host, jobs] of kept) {
          queues.set(host, jobs);
          const free = () => {
            for (const one of jobs) if (one.state === 'active') one.state = 'waiting';
            pump(host);
          };
          loop.at(
            loop.state.now + LOCK_MS + loop.random.below(LOCK_MS),
            null,
            'stalled jobs are found',
            free,
          );
          pump(host);
        }
      };
    },
    idle: (): boolean =>
      [...queues].every(([host, jobs]) => jobs.every(({ state }) => state === 'over' || !workers.has(host))),
  };
}
