import { GENESIS, type Head } from './audit.ts';
import { type Finding, type KeptHead, owns, type Read, readEntry } from './verify-entry.ts';
import { openGaps, seenIn } from './verify-gaps.ts';

type Sound = Extract<Read, { sound: true }>;
type Unsound = Extract<Read, { sound: false }>;

/** What a look at a whole chain came to. */
export interface Verdict {
  /** How many entries were read. */
  entries: number;
  /** The last one. */
  head: Head;
  /** By number; the first of them where there are more than `total` says. */
  findings: readonly Finding[];
  total: number;
}

/** How far the chain goes, and what the next entry may name as the one before it. */
interface End {
  n: number;
  /** Several where it can't be told which is the right one. */
  hashes: string[];
  /** The hash of the entry before, as known from there. */
  before: readonly string[];
  /** Edited, and said to be: what follows can't be held against it. */
  excused: boolean;
  /** It does not follow from the one before: one of the two was made anew, and the next one tells which. */
  broken: boolean;
}

const MOST_FINDINGS = 1_000;

/**
 * Looks at a chain from its first entry on, one entry after the other and holding none of them, and against
 * heads that are kept elsewhere. Only such a head tells of a tail that was cut, or of a chain that was made anew.
 */
export function openVerify(heads: readonly KeptHead[] = []) {
  const findings: Finding[] = [];
  let total = 0;
  let entries = 0;
  const kept = new Map<number, KeptHead[]>();
  for (const head of heads) kept.set(head.n, [...(kept.get(head.n) ?? []), head]);
  let end: End = { n: 0, hashes: [GENESIS.hash], before: [], excused: false, broken: false };
  /** The last entry, where its number leaves some out: what comes next tells whether it is in its place. */
  let ahead: Sound | null = null;
  /** The last entry, where it is none by itself: what comes next tells in whose place it stands. */
  let odd: Unsound | null = null;

  function add(finding: Finding): void {
    total++;
    if (findings.length < MOST_FINDINGS) findings.push(finding);
  }
  const gaps = openGaps(heads, add);

  function compare(n: number, hashes: readonly string[]): void {
    const other = kept.get(n)?.filter(({ hash }) => !hashes.includes(hash)) ?? [];
    if (other.length > 0) add({ kind: 'differs', n, where: [...new Set(other.map(({ where }) => where))] });
  }

  /** The chain goes on to `next`; what the end before it was is then settled. */
  function goOn(next: End): void {
    if (!end.excused && end.n > 0) compare(end.n, end.hashes);
    end = next;
    gaps.placed(next.n, next.hashes);
  }

  /** Where nothing else tells, of two that do not fit the first was made anew: a forger would link the second. */
  function settleBroken(blame = end.n - 1): void {
    if (end.broken) add({ kind: 'remade', n: blame, by: blame === end.n ? blame - 1 : blame + 1 });
    end.broken = false;
  }

  function follow(entry: Sound): void {
    const next = { n: entry.n, hashes: [entry.hash], before: end.hashes, excused: false, broken: false };
    if (end.excused || end.hashes.includes(entry.prev)) settleBroken();
    else if (end.n === 0) {
      add({ kind: 'remade', n: entry.n, by: 0 });
      next.excused = true;
    } else if (end.broken) settleBroken(end.n);
    else next.broken = true;
    goOn(next);
  }

  function leap(entry: Sound): void {
    settleBroken();
    gaps.open({
      from: end.n + 1,
      to: entry.n - 1,
      before: end.excused ? null : end.hashes,
      after: entry.prev,
    });
    goOn({ n: entry.n, hashes: [entry.hash], before: [entry.prev], excused: false, broken: false });
  }

  /** What is missing here Redis lost, as the entry itself says: told as that, and never left out. */
  function skip(entry: Sound): void {
    settleBroken();
    const { at = 0, vouched = [] } = entry.lost ?? {};
    add({ kind: 'lost', n: end.n + 1, to: entry.n - 1, by: entry.n, at, vouched });
    goOn({ n: entry.n - 1, hashes: [entry.prev], before: [], excused: false, broken: false });
    follow(entry);
  }

  function settleAhead(next: Sound | null): void {
    const entry = ahead;
    ahead = null;
    if (!entry) return;
    if (next && next.n <= entry.n) gaps.stray(entry, end.n + 1);
    else leap(entry);
  }

  function settleOdd(next: Sound | null): void {
    const entry = odd;
    odd = null;
    if (!entry) return;
    const due = end.n + 1;
    const follows = next !== null && entry.hashes.includes(next.prev);
    if (next?.n === due && (end.excused || end.hashes.includes(next.prev))) {
      add({ kind: 'inserted', n: due });
      return;
    }
    const believed = entry.n !== null && next && due < entry.n && entry.n < next.n ? entry.n : due;
    const n = follows && next.n > due ? next.n - 1 : believed;
    settleBroken();
    if (n > due) gaps.open({ from: due, to: n - 1, before: end.excused ? null : end.hashes, after: null });
    add({ kind: 'edited', n });
    goOn({ n, hashes: [...entry.hashes], before: end.hashes, excused: true, broken: false });
  }

  function late(entry: Sound, how: ReturnType<typeof gaps.fill>): void {
    switch (how) {
      case 'filled':
        add({ kind: 'misplaced', n: entry.n, after: end.n });
        compare(entry.n, [entry.hash]);
        return;
      case 'other':
        add({ kind: 'remade', n: entry.n, by: entry.n - 1 });
        return;
      case 'no hole':
        add({ kind: 'twice', n: entry.n });
        // Which of the two is the right one, the next one tells.
        if (entry.n === end.n && end.before.includes(entry.prev)) end.hashes.push(entry.hash);
    }
  }

  function place(entry: Sound): void {
    if (entry.n === end.n + 1) follow(entry);
    else if (entry.n > end.n && owns(entry, end.n)) skip(entry);
    else if (entry.n > end.n) ahead = entry;
    else late(entry, gaps.fill(entry));
  }

  return {
    /** The next entry, as it is stored. */
    take(text: string): void {
      entries++;
      const entry = readEntry(text);
      if (entry.sound) {
        settleAhead(entry);
        settleOdd(entry);
        place(entry);
      } else {
        if (odd) settleAhead(null);
        settleOdd(null);
        odd = entry;
      }
    },
    /** A last line that breaks off. */
    torn(): void {
      settleAhead(null);
      settleOdd(null);
      add({ kind: 'torn', n: end.n + 1 });
    },
    /** The verdict. `recorded` is the head that the store keeps beside the chain; absent where there is none, as with a file. */
    end(recorded?: Head | null): Verdict {
      settleAhead(null);
      settleOdd(null);
      const wrong = recorded?.n === end.n && !end.excused && !end.hashes.includes(recorded.hash);
      settleBroken(wrong ? end.n : end.n - 1);
      gaps.end((entry) => {
        if (entry.n !== end.n + 1 || !end.hashes.includes(entry.prev)) return false;
        follow(entry);
        return true;
      });
      if (!end.excused && end.n > 0) compare(end.n, end.hashes);
      const known = recorded ? [...heads, { ...recorded, where: 'the head that Redis records' }] : heads;
      const seen = seenIn(known, end.n + 1, Number.MAX_SAFE_INTEGER);
      if (seen) add({ kind: 'missing', n: end.n + 1, to: seen.n, seen });
      if (recorded !== undefined && (wrong || (recorded?.n ?? 0) < end.n))
        add({ kind: 'recorded', n: end.n, recorded });
      return {
        entries,
        head: { n: end.n, hash: end.hashes[0] ?? GENESIS.hash },
        findings: findings.toSorted((a, b) => a.n - b.n),
        total,
      };
    },
  };
}
