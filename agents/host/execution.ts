import type { Disk } from '../../src/domain/disk.ts';
import type { ImageId, RunId } from '../../src/domain/ids.ts';
import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { ImageCache } from './details.ts';
import type { Surroundings } from './inventory.ts';
import { type Ledger, uncounted } from './ledger.ts';
import type { Notes } from './notes.ts';
import type { Clock, Engine, Log, Queue } from './ports.ts';
import { refused } from './verify.ts';

export const stoppedBefore: Trouble = refused('the agent was stopped before this image');

/** What an execution works with. */
export type Execution = {
  engine: Engine;
  queue: Pick<Queue, 'cancelled'>;
  rules: Rules;
  cache: ImageCache;
  around: Surroundings;
  clock: Clock;
  readDisk: (root: string) => Promise<Disk | null>;
  ledger: Ledger;
  notes: Notes;
  /** Why an image is left alone that an earlier job may still be at; `null` where none is. */
  doubt: (image: ImageId) => Trouble | null;
  log: Log;
  /** The image at hand is finished, the others are left. */
  stop: AbortSignal;
  /** Not even that. */
  hurry: AbortSignal;
};

/** The outcome of an item that is not begun any more; `null` where it may be. */
export async function leftOut(
  run: RunId,
  { image }: Item,
  execution: Pick<Execution, 'stop' | 'queue' | 'doubt'>,
): Promise<Outcome | null> {
  const why = (await ended(run, execution)) ?? execution.doubt(image);
  return why && { image, outcome: 'skipped', removed: [], freed: 0, why };
}

/** Why nothing more is begun. */
export async function ended(
  run: RunId,
  { stop, queue }: Pick<Execution, 'stop' | 'queue'>,
): Promise<Trouble | null> {
  if (stop.aborted) return stoppedBefore;
  return (await queue.cancelled(run)) ? { kind: 'cancelled' } : null;
}

/** An item has an outcome whatever happens. */
export async function guard(
  item: Item,
  work: () => Promise<Outcome>,
  { log }: Pick<Execution, 'log'>,
): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.error('an item failed unexpectedly', { image: item.image, error: message });
    return { image: item.image, outcome: 'unknown', removed: [], freed: 0, why: { kind: 'engine', message } };
  }
}

/** Notes what an item came to before anybody is told. */
export async function noted(
  work: () => Promise<Outcome>,
  { notes }: Pick<Execution, 'notes'>,
): Promise<Outcome> {
  const outcome = await work();
  await notes.end(outcome);
  return outcome;
}

/** Counts against the host's hourly limits before the engine is asked, since nobody can count afterwards what was lost. */
export async function withinLimits(
  item: Item,
  work: () => Promise<Outcome>,
  { ledger }: Pick<Execution, 'ledger'>,
): Promise<Outcome> {
  if (item.action !== 'delete') return work();
  const left = (outcome: Outcome['outcome'], why: Trouble): Outcome => ({
    ...{ image: item.image, outcome, removed: [], freed: 0, why },
  });
  const entry = await ledger.take(item.reclaim).catch(() => undefined);
  if (entry === undefined) return left('failed', uncounted);
  if (entry === null) return left('skipped', { kind: 'limit', again: ledger.left()?.again ?? 0 });
  const outcome = await work();
  if (outcome.outcome !== 'deleted' && outcome.outcome !== 'unknown') await ledger.giveBack(entry);
  return outcome;
}
