import type { ImageId } from '../../src/domain/ids.ts';
import type { CacheOutcome, EngineProblem, Outcome, Trouble } from '../../src/domain/outcome.ts';
import { openEngineTime, SELDOM_MS } from './engine-time.ts';
import { inDoubt, said, toldOf } from './job-words.ts';
import type { Journal } from './journal.ts';
import { type Accepted, hasUnknown, isEnded } from './journal-memory.ts';
import { errorField } from './log.ts';
import { isAnother } from './look-up.ts';
import type { Outbox } from './outbox.ts';
import { type Clock, EngineTrouble, type Log } from './ports.ts';
import { DELETION_MS } from './time-limit.ts';
import { refused } from './verify.ts';
import type { Finder } from './work.ts';

/** Jobs that were broken off, and items whose end nobody knew: brought to their end once the engine answers. */
export type Doubts = {
  /** A job is in somebody's hands until `leave`. */
  hold(job: string): void;
  /** What is not done of it will not be, because of `why`; absent where all is. */
  leave(job: string, why?: Trouble): void;
  /** Tells what is known without the engine. */
  tellKnown(): Promise<void>;
  /**
   * Brings to its end what can be: what the engine may still be at stays unknown. Rejects with `EngineTrouble` where it
   * does not answer.
   */
  look(): Promise<void>;
  /** Why a new job leaves an image alone: the engine or registry may still be deleting it for an earlier one. */
  about(image: ImageId): Trouble | null;
  /** Goes on looking until the signal. */
  run(stop: AbortSignal): Promise<void>;
};

/** Most requests that the engine still has in its hands are done by then. */
const SETTLE_MS = 3000;
const POLL_MS = 1000;

export function openDoubts({
  journal,
  outbox,
  finder,
  clock,
  monotonic,
  deletionMs = DELETION_MS,
  log,
}: {
  journal: Pick<Journal, 'jobs' | 'note'>;
  outbox: Pick<Outbox, 'say'>;
  finder: Finder;
  clock: Clock;
  monotonic: () => number;
  /** The engine is at no deletion for longer than this. */
  deletionMs?: number | undefined;
  log: Log;
}): Doubts {
  const held = new Set<string>();
  const whys = new Map<string, Trouble>();
  const whyOf = ({ id }: Accepted): Trouble => whys.get(id) ?? { kind: 'restarted' };
  /** At their end, with nothing in doubt: that stays so. */
  const over = new WeakSet<Accepted>();
  const open = () =>
    journal.jobs().filter((job) => {
      if (held.has(job.id) || over.has(job)) return false;
      if (!isEnded(job) || hasUnknown(job)) return true;
      over.add(job);
      whys.delete(job.id);
      return false;
    });

  const time = openEngineTime({ clock, monotonic, deletionMs });

  const tell = async (job: Accepted, outcomes: readonly Outcome[]): Promise<void> => {
    if (outcomes.length > 0) await outbox.say(job.id, { kind: 'outcomes', outcomes: [...outcomes] });
  };

  /** Outcomes that are known and not told yet, and items that were never begun. */
  const tellKnownOf = async (job: Accepted): Promise<void> => {
    if (isEnded(job)) return;
    const why = whyOf(job);
    const begun = job.intents.size + job.outcomes.size + job.reports.size > 0 || job.cacheIds !== null;
    if (!begun) return outbox.say(job.id, { kind: 'refused', why });
    const told = toldOf(job);
    const outcomes = job.items.flatMap(({ image }, i): Outcome[] => {
      const known = job.outcomes.get(i);
      if (known) return told.has(image) || known.outcome === 'unknown' ? [] : [known];
      return job.intents.has(i) ? [] : [{ image, outcome: 'skipped', removed: [], freed: 0, why }];
    });
    if (!said(job, 'started')) await outbox.say(job.id, { kind: 'started' });
    await tell(job, outcomes);
  };

  const lookAt = async (job: Accepted): Promise<void> => {
    await tellKnownOf(job);
    const doubts = inDoubt(job).flatMap((i) => (job.items[i] ? [{ i, item: job.items[i] }] : []));
    const life = await finder.life();
    let fresh = false;
    for (const { i, item } of doubts) {
      if (time.isSeen(job, i) || !(await orIfRefused(finder.isThere(item), () => true))) continue;
      time.answered(job, i);
      fresh ||= !isAnother(job.intents.get(i)?.life ?? null, life);
    }
    if (fresh) await clock.sleep(SETTLE_MS);
    const found: Outcome[] = [];
    const told = toldOf(job);
    for (const { i, item } of doubts) {
      const outcome = await orIfRefused(
        finder.item(job, i, whyOf(job), time.isOver(job, i, life)),
        (why): Outcome => ({ image: item.image, outcome: 'unknown', removed: [], freed: 0, why }),
      );
      time.answered(job, i);
      if (outcome.outcome !== 'unknown' || !told.has(item.image)) found.push(outcome);
    }
    await tell(job, found);
    if (isEnded(job)) return;
    if (job.cache.length > 0 && !said(job, 'cache')) {
      const cache = await orIfRefused(
        finder.cache(job, whyOf(job)),
        (why): CacheOutcome => ({ deleted: 0, skipped: 0, failed: job.cache.length, freed: 0, why }),
      );
      await outbox.say(job.id, { kind: 'cache', cache });
    }
    const tookMs = Math.max(0, job.last - job.at);
    const raced = await orIfRefused(finder.raced(job), (): string[] => []);
    const stale = said(job, 'stale');
    await outbox.say(job.id, {
      ...{ kind: 'finished', tookMs, before: null, after: null, raced },
      ...(stale && { stale: true }),
    });
    log.info('a job that was broken off has come to its end', { job: job.id });
  };

  let last: Promise<unknown> = Promise.resolve();
  const look = (): Promise<void> => {
    const mine = last.then(async () => {
      for (const job of open()) await lookAt(job);
    });
    last = mine.catch(() => {});
    return mine;
  };

  return {
    hold: (job) => void held.add(job),
    leave(job, why) {
      if (why) whys.set(job, why);
      held.delete(job);
    },
    async tellKnown() {
      for (const job of open()) await tellKnownOf(job);
    },
    look,
    about(image) {
      const at = open()
        .flatMap(({ items, intents }) => [...intents].map(([i, { names }]) => names.size > 0 && items[i]))
        .find((item) => item && item.image === image);
      if (!at) return null;
      const who = at.manifest ? 'registry' : 'engine';
      return refused(`the ${who} may still be deleting it for an earlier run; ask again later`);
    },
    async run(stop) {
      for (let pause = POLL_MS; !stop.aborted; ) {
        if (open().length > 0) {
          try {
            await look();
            // What the engine refuses to say is asked for again, but not all the time.
            pause = open().length > 0 ? Math.min(2 * pause, SELDOM_MS) : POLL_MS;
          } catch (error) {
            pause = Math.min(2 * pause, SELDOM_MS);
            if (!(error instanceof EngineTrouble))
              log.error('what was in doubt could not be looked up', errorField(error));
          }
        } else pause = POLL_MS;
        // Not raced with the signal: each race would leave a listener at it, and nobody waits for the end of this.
        await clock.sleep(pause);
      }
    },
  };
}

// --- internal ---

/** It says nothing at all. */
const isSilent = (problem: EngineProblem): boolean =>
  problem.kind === 'registry'
    ? ['unreachable', 'no-answer', 'limited'].includes(problem.what)
    : problem.kind !== 'engine';

/** An engine that answers, but not this, must not keep everything else waiting for it. */
async function orIfRefused<T, U>(asked: Promise<T>, otherwise: (why: Trouble) => U): Promise<T | U> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof EngineTrouble) || isSilent(error.problem)) throw error;
    return otherwise(error.problem);
  }
}
