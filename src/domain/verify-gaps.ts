import type { Finding, KeptHead, Read } from './verify-entry.ts';

type Sound = Extract<Read, { sound: true }>;

/** Numbers that are not there, with the hashes that their neighbours have or name. */
interface Gap {
  from: number;
  to: number;
  before: readonly string[] | null;
  after: string | null;
}

/** More holes at once are reported as they are, and not looked at again. */
const MOST = 1_000;

/** What is missing so far, and what stands elsewhere instead. */
export function openGaps(heads: readonly KeptHead[], add: (finding: Finding) => void) {
  const gaps: Gap[] = [];
  const strays: { entry: Sound; before: number; twice: boolean }[] = [];

  function report({ from, to }: Gap): void {
    add({ kind: 'missing', n: from, to, seen: seenIn(heads, from, to) });
  }

  /** An entry whose number was passed: fills its hole, if there is one and it is that entry. */
  function fill(entry: Sound): 'filled' | 'other' | 'no hole' {
    const at = gaps.findIndex(({ from, to }) => from <= entry.n && entry.n <= to);
    const gap = gaps[at];
    if (!gap) return 'no hole';
    const fits =
      (entry.n > gap.from || !gap.before || gap.before.includes(entry.prev)) &&
      (entry.n < gap.to || gap.after === null || gap.after === entry.hash);
    if (!fits) return 'other';
    const parts: Gap[] = [
      { from: gap.from, to: entry.n - 1, before: gap.before, after: entry.prev },
      { from: entry.n + 1, to: gap.to, before: [entry.hash], after: gap.after },
    ];
    gaps.splice(at, 1, ...parts.filter(({ from, to }) => from <= to));
    return 'filled';
  }

  return {
    fill,
    open(gap: Gap) {
      gaps.push(gap);
      const oldest = gaps.length > MOST ? gaps.shift() : undefined;
      if (oldest) report(oldest);
    },
    /** An entry of a later number, which stands before entry `before`. */
    stray(entry: Sound, before: number) {
      if (strays.length < MOST) strays.push({ entry, before, twice: false });
      else add({ kind: 'inserted', n: before });
    },
    /** Entry `n` is in its place; a stray like it is a second one. */
    placed(n: number, hashes: readonly string[]) {
      if (strays.length === 0) return;
      for (const stray of strays)
        if (stray.entry.n === n && hashes.includes(stray.entry.hash)) stray.twice = true;
    },
    /** Ends the look: strays find their holes, the last of them by `follows`, and what is left is reported. */
    end(follows: (entry: Sound) => boolean) {
      for (const { entry, before, twice } of strays.toSorted((a, b) => a.entry.n - b.entry.n))
        if (twice) add({ kind: 'twice', n: entry.n });
        else if (fill(entry) === 'filled' || follows(entry))
          add({ kind: 'misplaced', n: entry.n, after: before - 1 });
        else add({ kind: 'inserted', n: before });
      gaps.forEach(report);
    },
  };
}

/** Who saw the last of these entries that anybody saw. */
export function seenIn(heads: readonly KeptHead[], from: number, to: number) {
  const seen = heads.filter(({ n }) => from <= n && n <= to);
  const n = seen.reduce((most, head) => Math.max(most, head.n), 0);
  return n === 0
    ? null
    : { n, where: [...new Set(seen.filter((head) => head.n === n).map(({ where }) => where))] };
}
