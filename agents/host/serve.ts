import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostName } from '../../src/domain/ids.ts';
import type { AuditHead } from '../../src/domain/protocol.ts';
import type { Rules } from '../../src/domain/rules.ts';
import { whenAborted } from './aborted.ts';
import { openDoubts } from './doubts.ts';
import { openHeadJournal } from './head-journal.ts';
import { openHeart, type Pulse } from './heartbeat.ts';
import { openJobs } from './jobs.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { openLoss } from './loss.ts';
import { openOutbox } from './outbox.ts';
import type { Clock, Log, Queue } from './ports.ts';
import { openQueue } from './queue.ts';
import { openReports } from './reports.ts';
import { openRival } from './rival.ts';
import type { Signals } from './signals.ts';
import type { State } from './state.ts';
import type { Finder, Work } from './work.ts';

/** What is served needs of an agent's own parts. */
export type Parts = {
  queue: Queue;
  ledger: Ledger;
  clock: Clock;
  monotonic: () => number;
  /** Milliseconds since 1970 by the host's own clock. */
  wall: () => number;
  signals: Signals;
  log: Log;
};

/** A host or a registry, as its agent serves it. */
export type Served = {
  work: Work;
  finder: Finder;
  look: Pulse['look'];
  /** Nothing is asked of it for longer than this once a deletion was, in milliseconds. */
  deletionMs?: number | undefined;
  looked: (answered: boolean) => void;
  /** Goes on beside until the signal, by which the last deletion has been seen. */
  beside: (end: AbortSignal) => Promise<void>;
  /** Writes down at the end what is worth keeping. */
  last: () => Promise<void>;
};

export type Serving = {
  host: HostName;
  redisUrl: string;
  rules: Rules;
  agent: string;
  state: State;
  signals: Signals;
  log: Log;
  /** It takes jobs now: the first heartbeat is sent. */
  ready: (epoch: string) => void;
};

/** The first heartbeat does not wait longer for what an earlier start has left. */
const LOOK_WAIT_MS = 1500;
/** An agent that ends does not wait longer for a Redis that is away. */
const LAST_WORDS_MS = 8000;
/** Nor for an engine that hangs, whose events the next start asks for; nor for anything else once it is hurried. */
const PARTING_MS = 1000;

/** Takes jobs for what `open` makes until it is told to stop. */
export async function serve(
  { host, redisUrl, rules, agent, state, signals, log, ready }: Serving,
  open: (parts: Parts) => Promise<Served>,
): Promise<void> {
  const { stop, hurry } = signals;
  const monotonic = () => performance.now();
  // How long anything takes must not depend on a clock that may be set meanwhile; what lasts is by the wall clock.
  const since = Date.now() - monotonic();
  const clock: Clock = { now: () => Math.round(since + monotonic()), sleep: (ms) => sleep(ms) };
  const wall = Date.now;
  const self = { host, identity: state.identity, epoch: randomUUID() };

  const queue = openQueue({ url: redisUrl, host, log, sleep: clock.sleep, monotonic });
  const rival = openRival(self, monotonic);
  const { journal } = state;
  const ledger = openLedger(journal, rules.perHour, wall);
  const heads = await openHeadJournal(state.path('audit-heads.jsonl'), wall, log);
  const served = await open({ queue, ledger, clock, monotonic, wall, signals, log });
  const { work, finder, look, deletionMs } = served;
  const outbox = openOutbox({ host, journal, queue, clock, monotonic, log });
  const doubts = openDoubts({ journal, outbox, finder, clock, monotonic, deletionMs, log });
  const seen = heads.seen();
  const isLoss = openLoss({ seen: seen.at(-1) ?? null, known: journal.jobs().length > 0 });
  const heart = openHeart({
    ...self,
    ...{ agent, look, queue, rival, heads, log },
    looked: served.looked,
    known: () => ({ run: journal.top(), audit: highest(heads.seen()) }),
    met: (met) => {
      if (isLoss(met)) {
        log.warn('Redis has forgotten something: all jobs that are kept are told again');
        outbox.allAgain();
      }
      void outbox.look();
    },
  });
  const jobs = openJobs({
    ...{ self, work, clock, journal, outbox, doubts, heads, queue },
    reportOn: openReports(queue, self),
    rivalPresent: rival.present,
    executed: () => void heart.beat(true),
    stop,
    log,
  });

  // Each lane listens, and there may be sixteen.
  setMaxListeners(0, stop, hurry);
  const stopped = whenAborted(stop);
  const atMost = (ms: number, part: Promise<void>) =>
    Promise.race([part, clock.sleep(ms), whenAborted(hurry).then(() => clock.sleep(PARTING_MS))]);
  const hungUp = new AbortController();
  // What is deleted last must not have been touched either.
  const beside = served.beside(hungUp.signal);
  const started = (async () => {
    // Before a heartbeat says that this is another start.
    await doubts.tellKnown();
    const resolving = doubts.run(stop);
    void resolving;
    outbox.run(stop);
    await Promise.race([doubts.look().catch(() => {}), clock.sleep(LOOK_WAIT_MS)]);
    await outbox.flush(LOOK_WAIT_MS);
    while (!stop.aborted && !(await heart.beat(false))) await clock.sleep(1000);
    if (stop.aborted) return;
    await queue.listen(jobs);
    // Also while it ends: a deletion that is under way may take longer than a silent host counts as alive.
    heart.run(hungUp.signal);
    ready(self.epoch);
  })();
  // What fails while starting ends the agent; a stop in the middle of it does not wait for Redis.
  await Promise.race([started.then(() => stopped), stopped]);
  log.info('stopping');
  await queue.close(hurry, () => outbox.flush(LAST_WORDS_MS));
  hungUp.abort();
  await atMost(PARTING_MS, beside);
  await atMost(LAST_WORDS_MS, served.last());
  log.info('stopped');
}

// --- internal ---

function highest(heads: readonly AuditHead[]): AuditHead | null {
  return heads.reduce<AuditHead | null>((most, head) => (head.n > (most?.n ?? 0) ? head : most), null);
}
