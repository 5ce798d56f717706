import { z } from 'zod';
import type { Allowance } from '../../src/domain/inventory.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Rules } from '../../src/domain/rules.ts';
import { ConfigError } from './config-error.ts';
import { readIfThere, replace } from './files.ts';

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
export type Entry = { at: number; images: number; bytes: number };

const HOUR_MS = 3_600_000;
const Entries = z.array(z.strictObject({ at: z.number(), images: z.number(), bytes: z.number() }));

/**
 * Opens the ledger in a file, so that a restart forgets nothing. Rejects with a `ConfigError` where it can't be read:
 * limits that are not known to hold would be none. `now` in milliseconds since 1970.
 */
export async function openLedger(file: string, limits: Rules['perHour'], now: () => number): Promise<Ledger> {
  if (!limits)
    return { left: () => null, take: async () => ({ at: 0, images: 0, bytes: 0 }), giveBack: async () => {} };
  let entries = await load(file);
  const { images = Number.MAX_SAFE_INTEGER, bytes = Number.MAX_SAFE_INTEGER } = limits;
  const fresh = (): readonly Entry[] => {
    // A clock that was set back must not keep an entry for longer than an hour.
    entries = entries.filter(({ at }) => Math.abs(now() - at) < HOUR_MS);
    return entries;
  };
  const left = (): Allowance => {
    const counted = fresh();
    const sum = (pick: (entry: Entry) => number) => counted.reduce((n, entry) => n + pick(entry), 0);
    return {
      images: Math.max(0, images - sum((entry) => entry.images)),
      bytes: Math.max(0, bytes - sum((entry) => entry.bytes)),
      again: (counted[0]?.at ?? now()) + HOUR_MS,
    };
  };
  let last: Promise<unknown> = Promise.resolve();
  const write = (): Promise<void> => {
    const mine = last.then(() => replace(file, `${JSON.stringify(entries)}\n`));
    last = mine.catch(() => {});
    return mine;
  };
  return {
    left,
    async take(wanted, count = 1) {
      const { images: free, bytes: room } = left();
      if (free < count || room < wanted) return null;
      const entry = { at: now(), images: count, bytes: wanted };
      entries.push(entry);
      try {
        await write();
      } catch (error) {
        entries = entries.filter((one) => one !== entry);
        throw error;
      }
      return entry;
    },
    async giveBack(entry) {
      entries = entries.filter((one) => one !== entry);
      // What stays on the disk counts too much, never too little.
      await write().catch(() => {});
    },
  };
}

// --- internal ---

async function load(file: string): Promise<Entry[]> {
  const text = await readIfThere(file);
  if (text === null) return [];
  try {
    return Entries.parse(JSON.parse(text));
  } catch (error) {
    throw new ConfigError(
      `DIMG_STATE_DIR: ${file} can't be read, so limits.per-hour can't be kept; remove it, and the hour begins anew.`,
      { cause: error },
    );
  }
}
