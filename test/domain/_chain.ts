import { chain, type Entry, type Fact, GENESIS } from '../../src/domain/audit.ts';
import { openVerify, type Verdict } from '../../src/domain/verify.ts';
import type { KeptHead } from '../../src/domain/verify-entry.ts';
import type { Random } from '../property/_random.ts';
import { ANA, BEN, HOST, id, NOW, runId } from './_build.ts';

/** Facts as runs make them, with text that JSON has to take care of. */
export function someFacts(random: Random, count: number): Fact[] {
  return Array.from({ length: count }, (_, i): Fact => {
    const base = { at: NOW + i * 1000, run: runId(1 + random.below(9)) };
    switch (random.below(5)) {
      case 0:
        return { ...base, kind: 'requested', by: ANA, channel: 'C0OPS', command: 'prune host-3 --all' };
      case 1:
        return { ...base, kind: 'planned', host: HOST, plan: id(`plan ${i}`), items: i, bytes: i * 1000 };
      case 2:
        return { ...base, kind: 'denied', by: BEN, reason: 'no "way"\n\\ é 🐳 \u2028 \ud800 \u007f \u0001' };
      case 3:
        return {
          ...{ ...base, kind: 'outcome', host: HOST, image: id(`${i}`) },
          ...{ references: [`app:${i}`, 'a'], outcome: 'deleted', bytes: 9_007_199_254_740_991 },
        };
      default:
        return { ...base, kind: 'ended', state: 'done', items: 3, bytes: 0 };
    }
  });
}

/** A chain of so many entries, as the store keeps it. */
export const someChain = (random: Random, count: number): Entry[] => chain(GENESIS, someFacts(random, count));
export const texts = (entries: readonly unknown[]): string[] => entries.map((entry) => JSON.stringify(entry));

export function verify(
  lines: readonly string[],
  heads: readonly KeptHead[] = [],
  recorded?: { n: number; hash: string } | null,
): Verdict {
  const look = openVerify(heads);
  for (const line of lines) look.take(line);
  return look.end(recorded);
}
