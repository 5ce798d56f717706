import type { Allowance } from '../../src/domain/inventory.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { Journal } from './journal.ts';

/** What was deleted here in the last hour, against the host's limits. */
export type Ledger = {
  /** What may still be deleted now; `null` where there are no limits. */
  left(): Allowance | null;
  /** Counts what is about to be deleted, one image unless told otherwise, on disk before it resolves. `null` where it would be too much; rejects where it can't be written. */
  take(bytes: number, images?: 0 | 1): Promise<Entry | null>;
  /** Takes a count back, of what was not deleted after all. */
  giveBack(entry: Entry): Promise<void>;
};
/** Why nothing goes where the count can't be written. */
export const uncounted: Trouble = {
  kind: 'refused',
  message: 'the count for this host’s hourly limit could not be written: is the disk of DIMG_STATE_DIR full?',
};
export type Entry = { n: number; at: number; images: number; bytes: number };

const HOUR_MS = 3_600_000;

/** Opens the ledger in the journal, so that a restart forgets nothing. `now` in milliseconds since 1970. */
export function openLedger(
  journal: Pick<Journal, 'takes' | 'note'>,
  limits: Rules['perHour'],
  now: () => number,
): Ledger {
  if (!limits)
    return {
      left: () => null,
      take: async () => ({ n: 0, at: 0, images: 0, bytes: 0 }),
      giveBack: async () => {},
    };
  const { images = Number.MAX_SAFE_INTEGER, bytes = Number.MAX_SAFE_INTEGER } = limits;
  // A clock that was set back must not keep an entry for longer than an hour.
  const stale = new Set<number>();
  const fresh = () =>
    [...journal.takes()].flatMap(([n, take]) => {
      if (Math.abs(now() - take.at) >= HOUR_MS) stale.add(n);
      return stale.has(n) ? [] : [take];
    });
  let last = Math.max(0, ...journal.takes().keys());
  const left = (): Allowance => {
    const counted = fresh();
    const sum = (pick: (take: { images: number; bytes: number }) => number) =>
      counted.reduce((n, take) => n + pick(take), 0);
    return {
      images: Math.max(0, images - sum((take) => take.images)),
      bytes: Math.max(0, bytes - sum((take) => take.bytes)),
      again: (counted[0]?.at ?? now()) + HOUR_MS,
    };
  };
  return {
    left,
    async take(wanted, count = 1) {
      const { images: free, bytes: room } = left();
      if (free < count || room < wanted) return null;
      const entry = { n: ++last, at: now(), images: count, bytes: wanted };
      try {
        await journal.note({ t: 'take', ...entry });
      } catch (error) {
        void journal.note({ t: 'back', n: entry.n }).catch(() => {});
        throw error;
      }
      return entry;
    },
    // What stays on the disk counts too much, never too little.
    giveBack: ({ n }) => journal.note({ t: 'back', n }).catch(() => {}),
  };
}
