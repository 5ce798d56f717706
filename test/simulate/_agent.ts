import { openCache } from '../../agents/host/details.ts';
import { openHeart } from '../../agents/host/heartbeat.ts';
import { openJobs } from '../../agents/host/jobs.ts';
import type { Engine, Log, Queue } from '../../agents/host/ports.ts';
import { openRedisClock } from '../../agents/host/redis-clock.ts';
import { openReports } from '../../agents/host/reports.ts';
import { openRival } from '../../agents/host/rival.ts';
import type { HostName } from '../../src/domain/ids.ts';
import { key } from '../../src/domain/protocol.ts';
import { DEFAULT_RULES } from '../../src/domain/rules.ts';
import { memoryLastUsed, noLimits } from '../agents/host/_around.ts';
import type { JobQueue } from './_jobs.ts';
import type { Loop, Process } from './_loop.ts';
import { type Connection, reach } from './_redis-client.ts';
import type { RedisData } from './_redis-data.ts';

/** What outlives an agent: only what was synced counts. */
export interface AgentDisk {
  identity: string;
  accepted: Set<string>;
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
  reported(job: string): void;
  unexpected(what: string, error: unknown): void;
}
export type Agent = ReturnType<typeof openAgent>;

const COMMAND_MS = 10_000;
const QUESTION_MS = 2_000;

/** The agent as `agents/host/main.ts` wires it, on what is simulated. */
export function openAgent(setting: AgentSetting) {
  const { loop, data, queue, process, host, epoch, engine, disk, line } = setting;
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
  const redisClock = openRedisClock(monotonic, wall);

  const port: Pick<Queue, 'report' | 'heartbeat' | 'cancelled' | 'now'> = {
    async report(report) {
      const text = JSON.stringify(report);
      for (let delay = 50; ; delay = Math.min(2 * delay, 2_000)) {
        try {
          await reach(connection, `reports ${report.job} ${report.body.kind}`, () => {
            data.exec('XADD', [key.reports, '*', 'r', text]);
            setting.reported(report.job);
          });
          return;
        } catch {
          await sleep(delay);
        }
      }
    },
    heartbeat: (heartbeat) =>
      redisClock
        .timed(() =>
          reach(connection, 'heartbeat', () => {
            const now = loop.state.now;
            const before = data.exec('HGET', [key.hosts, host]) as string | null;
            const seen = data.exec('ZSCORE', [key.seen, host]) as string | null;
            data.exec('HSET', [key.hosts, host, JSON.stringify(heartbeat)]);
            data.exec('ZADD', [key.seen, String(Math.floor(now)), host]);
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
    lastUsed: memoryLastUsed(),
    settled: async () => null,
    allowance: () => null,
    readDisk: async () => null,
  };
  const rules = { ...DEFAULT_RULES, minAge: 0 };
  const planner = { host, engine, cache, rules, around, sleep };
  const readDisk = async () => null;
  const heart = openHeart({
    ...self,
    ...{ agent: 'simulated', planner, queue: port, rival, heads: { saw: async () => {} } },
    ...{ readDisk, looked: async () => {}, monotonic, sleep, log },
  });
  const known = new Set(disk.accepted);
  const state = {
    accepted: (id: string) => known.has(id),
    async accept(id: string) {
      if (known.has(id)) return false;
      known.add(id);
      await loop.call(process, `notes ${id}`, loop.latency(3), () => {
        disk.accepted.add(id);
        setting.accepted(id);
      });
      return true;
    },
  };
  const jobs = openJobs({
    self,
    planner,
    execution: {
      ...{ ...planner, queue: port, clock, ledger: noLimits, readDisk, log },
      ...{ stop: stop.signal, hurry: hurry.signal },
    },
    state,
    heads: { seen: () => [] },
    queue: port,
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
      while (!stop.signal.aborted && !(await heart.beat(false))) await sleep(1_000);
      if (stop.signal.aborted) return;
      queue.listen(host, worker);
      heart.run(stop.signal);
    })();
  });

  return {
    process,
    /** SIGTERM: what is at hand is finished and reported, then it leaves. */
    async leave(): Promise<void> {
      worker.closing = true;
      loop.as(process, () => stop.abort());
      await Promise.allSettled(active);
      loop.kill(process);
    },
  };
}
