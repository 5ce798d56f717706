import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditHead } from '../../src/domain/protocol.ts';
import { whenAborted } from './aborted.ts';
import { ConfigError } from './config-error.ts';
import { openCache } from './details.ts';
import { openDoubts } from './doubts.ts';
import { openEngine } from './engine.ts';
import { readSettings, type Settings } from './environment.ts';
import { openHeadJournal } from './head-journal.ts';
import { openHeart } from './heartbeat.ts';
import { openJobs } from './jobs.ts';
import { openLastUsed } from './last-used.ts';
import { openLedger } from './ledger.ts';
import { openLog } from './log.ts';
import { openLoss } from './loss.ts';
import { besideNoneThatHangs } from './one-hangs.ts';
import { openOutbox } from './outbox.ts';
import type { Clock } from './ports.ts';
import { openQueue } from './queue.ts';
import { openReports } from './reports.ts';
import { openRival } from './rival.ts';
import { processSignals, type Signals } from './signals.ts';
import { openState, type State } from './state.ts';
import { openDiskReader, ownContainer } from './surroundings.ts';
import { openWatch } from './watch.ts';

export type AgentOptions = {
  /** Shown in heartbeats. */
  version?: string;
  signals?: Signals;
  /** The time limit of one deletion, milliseconds; 10 minutes. */
  deletionMs?: number;
  out?: (text: string) => void;
  err?: (text: string) => void;
};

/** Runs the agent of the host that `env` describes until it is told to stop. Resolves to the exit code. */
export async function runAgent(env: NodeJS.ProcessEnv, options: AgentOptions = {}): Promise<number> {
  const {
    version = 'unknown',
    out = (text) => void process.stdout.write(text),
    err = (text) => void process.stderr.write(text),
  } = options;
  try {
    const settings = readSettings(env);
    const state = await openState(settings.stateDir, randomUUID);
    const signals = options.signals ?? processSignals();
    try {
      return await serve(settings, state, { version, deletionMs: options.deletionMs }, signals, out);
    } finally {
      await state.close();
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    err(`${error.message}\n`);
    return 2;
  }
}

// --- internal ---

/** The first heartbeat does not wait longer for what an earlier start has left. */
const LOOK_WAIT_MS = 1500;
/** An agent that ends does not wait longer for a Redis that is away. */
const LAST_WORDS_MS = 8000;
/** Nor for an engine that hangs, whose events the next start asks for; nor for anything else once it is hurried. */
const PARTING_MS = 1000;

function highest(heads: readonly AuditHead[]): AuditHead | null {
  return heads.reduce<AuditHead | null>((most, head) => (head.n > (most?.n ?? 0) ? head : most), null);
}

async function serve(
  settings: Settings,
  state: State,
  { version, deletionMs }: { version: string; deletionMs: number | undefined },
  { stop, hurry }: Signals,
  out: (text: string) => void,
): Promise<number> {
  const { host, rules } = settings;
  const log = openLog(settings.level, out, Date.now);
  const monotonic = () => performance.now();
  // How long anything takes must not depend on a clock that may be set meanwhile; what lasts is by the wall clock.
  const since = Date.now() - monotonic();
  const clock: Clock = { now: () => Math.round(since + monotonic()), sleep: (ms) => sleep(ms) };
  const wall = Date.now;
  const self = { host, identity: state.identity, epoch: randomUUID() };

  const own = ownContainer(hostname());
  const inContainer = own.length > 0 || existsSync('/.dockerenv');
  const readDisk = openDiskReader(inContainer);
  const disk = async (root: string) => (settings.engine.local ? readDisk(root) : null);

  const engine = besideNoneThatHangs(
    openEngine({
      address: settings.engine,
      registryAuth: settings.registryAuth,
      removeLimitMs: deletionMs,
    }),
    monotonic,
  );
  const queue = openQueue({ url: settings.redisUrl, host, log, sleep: clock.sleep, monotonic });
  const rival = openRival(self, monotonic);
  const lastUsed = await openLastUsed(state.path('last-used.json'), wall, log);
  const { journal } = state;
  const ledger = openLedger(journal, rules.perHour, wall);
  const heads = await openHeadJournal(state.path('audit-heads.jsonl'), wall, log);
  const cache = openCache();
  const watch = openWatch({
    ...{ engine, lastUsed, log, sleep: clock.sleep },
    touched: (image) => void cache.details.delete(image),
  });
  const around = {
    ...{ ownContainer: own, now: wall, lastUsed, settled: watch.settled, allowance: ledger.left },
    readDisk: async () => disk((await engine.info()).root),
  };
  const outbox = openOutbox({ host, journal, queue, clock, monotonic, log });
  const doubts = openDoubts({ journal, outbox, engine, clock, monotonic, deletionMs, log });
  const seen = heads.seen();
  const isLoss = openLoss({ seen: seen.at(-1) ?? null, known: journal.jobs().length > 0 });
  const planner = { host, engine, cache, rules, around, sleep: clock.sleep };
  const heart = openHeart({
    ...self,
    ...{ agent: version, planner, queue, rival, heads, readDisk: disk, monotonic, sleep: clock.sleep, log },
    looked: (answered) => {
      if (!answered) watch.doubt();
      // Not waited for: a disk that hangs must not make a host offline.
      void lastUsed.save();
    },
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
    self,
    planner,
    execution: { ...planner, queue, clock, ledger, readDisk: disk, log, stop, hurry },
    ...{ journal, outbox, doubts },
    heads,
    queue,
    reportOn: openReports(queue, self),
    rivalPresent: rival.present,
    executed: () => void heart.beat(true),
    stop,
    log,
  });

  // Each lane listens, and there may be sixteen.
  setMaxListeners(0, stop, hurry);
  log.warn('no keys are in use: whoever can write to this Redis can delete images on this host');
  const stopped = whenAborted(stop);
  const atMost = (ms: number, work: Promise<void>) =>
    Promise.race([work, clock.sleep(ms), whenAborted(hurry).then(() => clock.sleep(PARTING_MS))]);
  const hungUp = new AbortController();
  // What is deleted last must not have been touched either.
  const watching = watch.run(hungUp.signal);
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
    log.info('ready', { host, engine: settings.engine.text, agent: version, epoch: self.epoch });
  })();
  // What fails while starting ends the agent; a stop in the middle of it does not wait for Redis.
  await Promise.race([started.then(() => stopped), stopped]);
  log.info('stopping');
  await queue.close(hurry, () => outbox.flush(LAST_WORDS_MS));
  hungUp.abort();
  await atMost(PARTING_MS, watching);
  await atMost(LAST_WORDS_MS, lastUsed.save('at once'));
  log.info('stopped');
  return 0;
}
