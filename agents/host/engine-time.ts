import type { Accepted } from './journal-memory.ts';
import { isAnother } from './look-up.ts';
import type { Clock } from './ports.ts';

/** What is in doubt is looked at no more seldom than this, in milliseconds. */
export const SELDOM_MS = 15_000;
/** No request of so long ago is under way; by a clock that may have been set. */
const LONG_AGO_MS = 7_200_000;

/**
 * How long an engine has had for what an item of a broken job asked it to do. `deletionMs`: it is at no deletion for longer.
 * A hanging engine is at nothing, and goes on with what it had in hand once it wakes: that time does not count.
 */
export function openEngineTime({
  clock,
  monotonic,
  deletionMs,
}: {
  clock: Pick<Clock, 'now'>;
  monotonic: () => number;
  deletionMs: number;
}) {
  /** Items that were seen to be still there: when last, and for how long the engine has answered since the first time. */
  const seen = new WeakMap<Accepted, Map<number, { at: number; ms: number }>>();
  return {
    isSeen: (job: Accepted, i: number): boolean => seen.get(job)?.has(i) ?? false,
    /** The engine has said just now what it has of this item. */
    answered(job: Accepted, i: number): void {
      const items = seen.get(job) ?? new Map<number, { at: number; ms: number }>();
      seen.set(job, items);
      const at = monotonic();
      const { at: last, ms } = items.get(i) ?? { at, ms: 0 };
      items.set(i, { at, ms: ms + Math.min(at - last, 2 * SELDOM_MS) });
    },
    /** It is certainly not at it any more. `life`: which start of the engine it is. */
    isOver(job: Accepted, i: number, life: string | null): boolean {
      const intent = job.intents.get(i);
      if (!intent?.names.size || isAnother(intent.life, life)) return true;
      if (Math.abs(clock.now() - intent.at) > LONG_AGO_MS) return true;
      return (seen.get(job)?.get(i)?.ms ?? 0) >= deletionMs;
    },
  };
}
