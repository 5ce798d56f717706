import { openCache } from '../../agents/host/details.ts';
import { openDoubts } from '../../agents/host/doubts.ts';
import { openHeart } from '../../agents/host/heartbeat.ts';
import { openHostLook } from '../../agents/host/host-look.ts';
import { hostFinder, hostWork } from '../../agents/host/host-work.ts';
import { openJobs } from '../../agents/host/jobs.ts';
import { openJournal } from '../../agents/host/journal.ts';
import type { JournalFile } from '../../agents/host/journal-file.ts';
import { hasUnknown, isEnded } from '../../agents/host/journal-memory.ts';
import { openLoss } from '../../agents/host/loss.ts';
import { besideNoneThatHangs } from '../../agents/host/one-hangs.ts';
import { openOutbox } from '../../agents/host/outbox.ts';
import type { Engine, Log, Queue } from '../../agents/host/ports.ts';
import { openRedisClock } from '../../agents/host/redis-clock.ts';
import { openReports } from '../../agents/host/reports.ts';
import { openRival } from '../../agents/host/rival.ts';
import type { HostName } from '../../src/domain/ids.ts';
import { type AuditHead, key } from '../../src/domain/protocol.ts';
import { DEFAULT_RULES } from '../../src/domain/rules.ts';
import { type memoryLastUsed, noLimits } from '../agents/host/_around.ts';
import type { JobQueue } from './_jobs.ts';
import type { Loop, Process } from './_loop.ts';
import { type Connection, openClient, reach } from './_redis-client.ts';
import type { RedisData } from './_redis-data.ts';

/** What outlives an agent: only what was synced counts. */
export interface AgentDisk {
  identity: string;
  /** The journal's frames, whole ones. */
  journal: readonly Buffer[];
  heads: AuditHead[];
  lastUsed: ReturnType<typeof memoryLastUsed>;
}

export interface AgentSetting {
  loop: Loop;
  data: RedisData;
  queue: JobQueue;
  process: Process;
  host: HostName;
  epoch: string;
  engine: Engine;
  disk: AgentDisk;
  line: Connection['line'];
  /** How far the host's own clock is from the true time; milliseconds. */
  skew: () => number;
  /** The agent begins a job, for ever. */
  accepted(job: string): void;
  /** It has asked whether a run is cancelled, and goes on. */
  clear(run: number): void;
  unexpected(what: string, error: unknown): void;
}
export type Agent = ReturnType<typeof openAgent>;

const COMMAND_MS = 10_000;
const QUESTION_MS = 2_000;

/** The agent as `agents/host/main.ts` wires it, on what is simulated. */
export function openAgent(setting: AgentSetting) {
  const { loop, data, queue, process, host, epoch, disk, line } = setting;
  const connection: Connection = { loop, data, process, line, limitMs: COMMAND_MS };
  const question: Connection = { ...connection, limitMs: QUESTION_MS };
  const monotonic = () => loop.state.now - loop.start;
  const wall = () => Math.floor(loop.state.now + setting.skew());
  const sleep = (ms: number) => loop.sleep(process, ms);
  const clock = { now: wall, sleep };
  const log: Log = {
    debug() {},
    info: (msg, fields) => loop.say(() => `${process.name}: ${msg} ${JSON.stringify(fields ?? {})}`),
    warn: (msg, fields) => loop.say(() => `${process.name} warns: ${msg} ${JSON.stringify(fields ?? {})}`),
    error(msg, fields) {
      loop.say(() => `${process.name} says: ${msg} ${JSON.stringify(fields ?? {})}`);
      setting.unexpected(msg, fields);
    },
  };
  const self = { host, identity: disk.identity, epoch };
  const stop = new AbortController();
  const hurry = new AbortController();
  const hungUp = new AbortController();
  const redisClock = openRedisClock(monotonic, wall);

  const redis = openClient(connection);
  const engine = besideNoneThatHangs(setting.engine, monotonic);
  const port: Omit<Queue, 'listen' | 'close' | 'holders' | 'hosts' | 'usedIn' | 'has' | 'told'> = {
    async report(report) {
      for (let delay = 50; ; delay = Math.min(2 * delay, 2_000)) {
        try {
          await redis.xadd(key.reports, '*', 'r', JSON.stringify(report));
          return;
        } catch {
          await sleep(delay);
        }
      }
    },
    async send(report) {
      return (await redis.xadd(key.reports, '*', 'r', JSON.stringify(report))) ?? '';
    },
    async waiting(ids) {
      const found = await Promise.all(ids.map((id) => redis.xrange(key.reports, id, id)));
      return new Set(ids.filter((_, i) => (found[i]?.length ?? 0) > 0));
    },
    acked: () => redis.srandmember(key.acked(host), 1_000),
    async unack(entries) {
      if (entries.length > 0) await redis.srem(key.acked(host), ...entries);
    },
    heartbeat: (heartbeat, known) =>
      redisClock
        .timed(() =>
          reach(connection, 'heartbeat', () => {
            const now = loop.state.now;
            const before = data.exec('HGET', [key.hosts, host]) as string | null;
            const seen = data.exec('ZSCORE', [key.seen, host]) as string | null;
            data.exec('HSET', [key.hosts, host, JSON.stringify(heartbeat)]);
            data.exec('ZADD', [key.seen, String(Math.floor(now)), host]);
            data.exec('HSET', [key.known, host, JSON.stringify(known)]);
            const [n, hash] = data.exec('HMGET', [key.auditHead, 'n', 'hash']) as (string | null)[];
            return { now, before, seen, auditHead: n && hash ? { n: Number(n), hash } : null };
          }),
        )
        .then(({ now, before, seen, auditHead }) => {
          if (!before || !seen) return { before: null, auditHead };
          const { identity, epoch: other } = JSON.parse(before) as { identity: string; epoch: string };
          return { before: { identity, epoch: other, ageMs: now - Number(seen) }, auditHead };
        }),
    async cancelled(run) {
      try {
        const is = await reach(question, `cancelled #${run}?`, () => {
          const found = data.exec('EXISTS', [key.cancel(run)]) === 1;
          if (!found) setting.clear(run);
          return found;
        });
        return is;
      } catch {
        setting.clear(run);
        return false;
      }
    },
    async now() {
      try {
        return (await redisClock.timed(() => reach(question, 'TIME', () => ({ now: loop.state.now })))).now;
      } catch {
        return redisClock.estimate();
      }
    },
  };

  const rival = openRival(self, monotonic);
  const cache = openCache();
  const around = {
    ownContainer: [],
    now: wall,
    lastUsed: disk.lastUsed,
    settled: async () => null,
    allowance: () => null,
    readDisk: async () => null,
  };
  const rules = { ...DEFAULT_RULES, minAge: 0 };
  const planner = { host, engine, cache, rules, around, sleep };
  const readDisk = async () => null;
  const heads = {
    async saw(head: { n: number; hash: string } | null) {
      if (head && head.n !== disk.heads.at(-1)?.n) disk.heads.push({ ...head, at: wall() });
    },
    seen: () => disk.heads,
  };
  const journal = openJournal(fileOf(setting), wall);
  const rarely = { ...clock, sleep: (ms: number) => sleep(ms === 1_000 ? POLL_MS : ms) };
  const outbox = openOutbox({ host, journal, queue: port, clock, monotonic, log });
  const doubts = openDoubts({ journal, outbox, finder: hostFinder(engine), clock: rarely, monotonic, log });
  const isLoss = openLoss({ seen: disk.heads.at(-1) ?? null, known: journal.jobs().length > 0 });
  const heart = openHeart({
    ...self,
    ...{ agent: 'simulated', queue: port, rival, heads, log },
    look: openHostLook({ planner, has: { tell: async () => {} }, readDisk, monotonic, sleep, log }).look,
    looked() {},
    known: () => ({ run: journal.top(), audit: highest(disk.heads) }),
    met: (met) => {
      if (isLoss(met)) outbox.allAgain();
      void outbox.look();
    },
  });
  const accepting = {
    ...journal,
    async accept(job: Parameters<typeof journal.accept>[0]) {
      const first = await journal.accept(job);
      if (first) setting.accepted(job.id);
      return first;
    },
  };
  const jobs = openJobs({
    self,
    work: hostWork(planner, {
      ...{ ...planner, queue: port, clock, ledger: noLimits, readDisk, log },
      ...{ stop: stop.signal, hurry: hurry.signal },
    }),
    clock,
    ...{ journal: accepting, outbox, doubts, heads, queue: port },
    reportOn: openReports(port, self),
    rivalPresent: rival.present,
    executed: () => void heart.beat(true),
    stop: stop.signal,
    log,
  });
  const active = new Set<Promise<void>>();
  const worker = {
    process,
    closing: false,
    reaches: () => line() === 'up',
    take(job: unknown): Promise<void> {
      const taken = loop.as(process, () => jobs(job));
      active.add(taken);
      return taken.finally(() => active.delete(taken));
    },
  };
  loop.as(process, () => {
    void (async () => {
      await doubts.tellKnown();
      void doubts.run(stop.signal);
      outbox.run(stop.signal);
      await Promise.race([doubts.look().catch(() => {}), sleep(LOOK_WAIT_MS)]);
      await outbox.flush(LOOK_WAIT_MS);
      while (!stop.signal.aborted && !(await heart.beat(false))) await sleep(1_000);
      if (stop.signal.aborted) return;
      queue.listen(host, worker);
      heart.run(hungUp.signal);
    })();
  });

  return {
    process,
    /** Whether nothing of it is open or in doubt, and it has said all, and knows that it was heard. */
    silent: () =>
      journal
        .jobs()
        .every(
          (job) => isEnded(job) && !hasUnknown(job) && [...job.reports.values()].every(({ acked }) => acked),
        ),
    /** SIGTERM: what is at hand is finished and reported, then it leaves. */
    async leave(): Promise<void> {
      worker.closing = true;
      loop.as(process, () => stop.abort());
      await Promise.allSettled(active);
      await outbox.flush(LAST_WORDS_MS);
      hungUp.abort();
      loop.kill(process);
    },
  };
}

// --- internal ---

const LOOK_WAIT_MS = 1_500;
const LAST_WORDS_MS = 8_000;
/** Looks that the production agent takes each second. */
const POLL_MS = 15_000;

const highest = (heads: readonly AuditHead[]): AuditHead | null =>
  heads.reduce<AuditHead | null>((most, head) => (head.n > (most?.n ?? 0) ? head : most), null);

/** A journal's file that keeps what was synced, and nothing else. */
function fileOf({ loop, process, disk }: AgentSetting): JournalFile {
  const size = 2 * 1024 * 1024;
  return {
    payloads: disk.journal,
    size: () => size,
    room: () => size,
    append: (payload) =>
      loop.call(process, 'syncs its journal', loop.latency(2), () => {
        disk.journal = [...disk.journal, Buffer.from(payload)];
      }),
    rewrite: (payloads) =>
      loop.call(process, 'writes its journal anew', loop.latency(4), () => {
        disk.journal = payloads.map((payload) => Buffer.from(payload));
      }),
    close: async () => {},
  };
}
