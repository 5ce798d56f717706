import { Entry, type Head } from './audit.ts';
import { canonical, sha256 } from './hash.ts';

/** A head that somebody keeps elsewhere: there entry `n` had this hash. */
export interface KeptHead extends Head {
  /** As in a sentence: `host-3`, `the card of #1042`. */
  where: string;
}

/** What is wrong with a chain, each with the number of the entry it is about. */
export type Finding =
  /** Its content does not give its hash, or it is no entry. */
  | { kind: 'edited'; n: number }
  /** It fits itself, but its neighbour follows another. */
  | { kind: 'remade'; n: number; by: number }
  /** Before entry `n` stands what the chain does not hold. */
  | { kind: 'inserted'; n: number }
  | { kind: 'twice'; n: number }
  | { kind: 'misplaced'; n: number; after: number }
  | { kind: 'missing'; n: number; to: number; seen: Seen | null }
  /** Whole by itself, and not what was seen elsewhere. */
  | { kind: 'differs'; n: number; where: readonly string[] }
  /** The head that the store itself records: another entry's, or none. */
  | { kind: 'recorded'; n: number; recorded: Head | null }
  /** A last line without its end. */
  | { kind: 'torn'; n: number }
  /** Missing, and entry `by` says that Redis lost them and who saw the last one. */
  | { kind: 'lost'; n: number; to: number; by: number; at: number; vouched: readonly string[] };

/** Who saw an entry that is not there. */
export interface Seen {
  n: number;
  where: readonly string[];
}

/** What an entry says of those before it that Redis lost. */
export interface Lost {
  /** The first of them; the last is the one before this entry. */
  from: number;
  /** When that was noticed, in milliseconds since 1970. */
  at: number;
  vouched: readonly string[];
}

/** An entry by itself: sound where its content gives its hash and nothing in it is strange. */
export type Read =
  | { sound: true; n: number; prev: string; hash: string; lost?: Lost }
  | { sound: false; n: number | null; hashes: readonly string[] };

/**
 * Reads an entry as it is stored. What JSON would take for the same, such as a key twice, `1e3` for 1000 or
 * spaces, is not how entries are written, and could show one thing here and another elsewhere.
 */
export function readEntry(text: string): Read {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object' || Array.isArray(value))
      return { sound: false, n: null, hashes: [] };
    const { hash, ...body } = value as Record<string, unknown>;
    const own = sha256(canonical(body));
    const entry = hash === own && JSON.stringify(value) === text ? Entry.safeParse(value) : null;
    if (entry?.success) {
      const { n, prev, kind, from, at, vouched = [] } = entry.data;
      const lost = kind === 'lost' && from !== undefined && from < n ? { from, at, vouched } : null;
      return { sound: true, n, prev, hash: own, ...(lost && { lost }) };
    }
    const n = Number.isSafeInteger(body.n) && Number(body.n) > 0 ? Number(body.n) : null;
    return { sound: false, n, hashes: typeof hash === 'string' && hash !== own ? [own, hash] : [own] };
  } catch {
    return { sound: false, n: null, hashes: [] };
  }
}

/** Whether what is missing between an entry and this one is what this one says that Redis lost. */
export const owns = ({ lost }: Extract<Read, { sound: true }>, last: number): boolean =>
  lost !== undefined && lost.from <= last + 1;
