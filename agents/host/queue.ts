import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { HostName } from '../../src/domain/ids.ts';
import { key, PREFIX } from '../../src/domain/protocol.ts';
import { whenAborted } from './aborted.ts';
import { readFleet, readHosts, readTold, readUsed, tellFleet } from './fleet.ts';
import type { Log, Queue } from './ports.ts';
import { openRedisClock } from './redis-clock.ts';
import { withLimit } from './time-limit.ts';

export type QueueOptions = {
  url: string;
  host: HostName;
  log: Log;
  sleep: (ms: number) => Promise<void>;
  /** Milliseconds that never jump. */
  monotonic: () => number;
};

/** Silent connections after a partition are noticed; longer than the worker's own wait for jobs. */
const SOCKET_LIMIT_MS = 10_000;
/** A large plan over a slow line takes its time; small questions do not. */
const COMMAND_LIMIT_MS = 10_000;
const QUESTION_LIMIT_MS = 2000;
/** An agent that ends does not wait longer for a Redis that is away. */
const LAST_WORDS_MS = 8000;
const HURRIED_MS = 1000;
const STREAM_LENGTH = 100_000;
const LOCK_MS = 10_000;
const STALLED_MS = 5_000;
const ACKED_AT_ONCE = 1000;

// One script, so that no two agents can each see the other's predecessor.
const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = redis.call('HGET', KEYS[1], ARGV[1])
local seen = redis.call('ZSCORE', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[3])
local head = redis.call('HMGET', KEYS[3], 'n', 'hash')
return {tostring(now), before, seen, head[1], head[2]}`;

/** Connects to Redis, and keeps connecting. */
export function openQueue({ url, host, log, sleep, monotonic }: QueueOptions): Queue {
  const common = {
    socketTimeout: SOCKET_LIMIT_MS,
    connectTimeout: 5000,
    // One that has become a replica keeps its connections: the address may stand for another by now.
    reconnectOnError: isReplica,
  };
  // Commands fail at once while Redis is away, and whoever sent them decides; the worker waits for it.
  const commands = new Redis(url, {
    ...common,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    commandTimeout: COMMAND_LIMIT_MS,
  });
  const jobs = new Redis(url, { ...common, maxRetriesPerRequest: null });
  const note = quietly(log, monotonic);
  for (const client of [commands, jobs]) client.on('error', note);
  const active = new Set<Promise<void>>();
  let closingSince = Number.POSITIVE_INFINITY;
  const clock = openRedisClock(monotonic);
  let worker: Worker | null = null;

  return {
    async listen(take) {
      const held = new Set<string | undefined>();
      const process = async ({ id, data }: { id?: string; data: unknown }) => {
        held.add(id);
        const taken = take(data);
        active.add(taken);
        await taken.finally(() => {
          active.delete(taken);
          held.delete(id);
        });
      };
      worker = new Worker(key.queue(host), process, {
        connection: jobs,
        prefix: PREFIX,
        concurrency: 50,
        // A job whose agent died before it was noted down comes to the next one, which refuses it, so that somebody says
        // what became of it. Done again it is never: it is of another epoch, or the journal knows it.
        maxStalledCount: 1_000_000,
        // What an agent that died had in hand, also what only waited there for its turn, is noticed within these two.
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_MS,
        runRetryDelay: 1000,
      });
      worker.on('error', note);
      // Its lock ran out. Made for an earlier start it is refused, or answered from the journal: somebody must say so.
      worker.on('failed', (job) => {
        if (job && !held.has(job.id)) void take(job.data);
      });
      await worker.waitUntilReady();
    },

    async report(report) {
      const text = JSON.stringify(report);
      const since = monotonic();
      for (let delay = 50; ; delay = Math.min(2 * delay, 2000)) {
        try {
          await commands.xadd(key.reports, 'MAXLEN', '~', STREAM_LENGTH, '*', 'r', text);
          return;
        } catch (error) {
          note(error);
          if (monotonic() - Math.max(since, closingSince) > LAST_WORDS_MS) {
            log.error('a report was lost: Redis did not take it', { job: report.job, seq: report.seq });
            return;
          }
          await sleep(delay);
        }
      }
    },

    async send(report) {
      const text = JSON.stringify(report);
      const id = await commands.xadd(key.reports, 'MAXLEN', '~', STREAM_LENGTH, '*', 'r', text);
      if (id === null) throw new Error('the stream took no report');
      return id;
    },

    async waiting(ids) {
      const asked = ids.map((id) => commands.xrange(key.reports, id, id));
      const found = await Promise.all(asked);
      return new Set(ids.filter((_, i) => (found[i]?.length ?? 0) > 0));
    },

    acked: () => commands.srandmember(key.acked(host), ACKED_AT_ONCE),

    async unack(entries) {
      if (entries.length > 0) await commands.srem(key.acked(host), ...entries);
    },

    async heartbeat(heartbeat, known) {
      const keys = [key.hosts, key.seen, key.auditHead, key.known];
      const args = [...keys, host, JSON.stringify(heartbeat), JSON.stringify(known)];
      const answer = await clock.timed(async () => {
        const [now, before, seen, n, hash] = (await commands.eval(BEAT, keys.length, ...args)) as Beaten;
        return { now: Number(now), before, seen, n, hash };
      });
      const { n, hash } = answer;
      return { before: predecessor(answer), auditHead: n && hash ? { n: Number(n), hash } : null };
    },

    async cancelled(run) {
      try {
        return (await withLimit(QUESTION_LIMIT_MS, () => commands.exists(key.cancel(run)))) === 1;
      } catch {
        return false;
      }
    },

    async now() {
      try {
        const { now } = await clock.timed(async () => {
          const [seconds, micros] = await withLimit(QUESTION_LIMIT_MS, () => commands.time());
          return { now: Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) };
        });
        return now;
      } catch {
        return clock.estimate();
      }
    },

    holders: (digests, hosts) => readFleet(commands, digests, hosts),
    hosts: () => readHosts(commands, clock.estimate()),
    usedIn: (repositories, hosts) => readUsed(commands, repositories, hosts),
    has: (all, mark) => tellFleet(commands, host, all, mark, clock.estimate()),
    told: () => readTold(commands, host, clock.estimate()),

    async close(hurry, last = async () => {}) {
      closingSince = monotonic();
      const closed = worker?.close().catch(note);
      const atHand = async () => {
        await Promise.allSettled(active);
        await Promise.all([last(), Promise.race([closed, sleep(LAST_WORDS_MS)])]);
      };
      await Promise.race([atHand(), whenAborted(hurry).then(() => sleep(HURRIED_MS))]);
      commands.disconnect();
      jobs.disconnect();
    },
  };
}

// --- internal ---

type Beaten = [now: string, before?: string, seen?: string, n?: string, hash?: string];

function predecessor({
  now,
  before,
  seen,
}: {
  now: number;
  before?: string | undefined;
  seen?: string | undefined;
}) {
  if (!before || !seen) return null;
  try {
    const { identity, epoch } = JSON.parse(before) as { identity?: unknown; epoch?: unknown };
    return { identity: String(identity), epoch: String(epoch), ageMs: now - Number(seen) };
  } catch {
    return null;
  }
}

/** By its own words, or as an older one's script quotes them. */
const isReplica = ({ message }: Error): boolean => /^READONLY\b|-READONLY /.test(message);

/** An outage makes dozens of errors: one line of each kind in a minute tells as much. */
function quietly(log: Log, monotonic: () => number): (error: unknown) => void {
  const told = new Map<string, number>();
  return (error) => {
    const { message, code } = error as { message?: string; code?: string };
    const text = code ?? message ?? 'unknown';
    const at = monotonic();
    if (at - (told.get(text) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    if (told.size > 100) told.clear();
    told.set(text, at);
    log.warn('Redis does not answer', { error: message || text });
  };
}
