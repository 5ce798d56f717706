import { describe, expect, test } from 'vitest';
import { chain, type Entry, type Fact, GENESIS } from '../../src/domain/audit.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { readHistory } from '../../src/flows/history.ts';
import { ANA, aHostStatus, BEN, host, NOW, runId } from '../domain/_build.ts';

/** Runs in turn on two hosts: asked for, planned, confirmed, ended. */
const facts = (runs: number): Fact[] =>
  Array.from({ length: runs }, (_, i): Fact[] => {
    const base = { at: NOW + i, run: runId(i + 1) };
    return [
      { ...base, kind: 'requested', by: i % 2 ? ANA : BEN },
      { ...base, kind: 'planned', host: host(i % 2 ? 'host-1' : 'host-2') },
      { ...base, kind: 'confirmed', by: i % 2 ? ANA : BEN },
      { ...base, kind: 'ended', state: 'done' },
    ];
  }).flat();

function knowing(entries: readonly Entry[]) {
  const newest = entries.toReversed();
  let reads = 0;
  const deps = {
    groups: {},
    hosts: { list: async () => [aHostStatus('host-1'), aHostStatus('host-2')] },
    audit: {
      read: async ({ count, before = Infinity }: { count: number; before?: number }) => {
        reads++;
        return newest.filter(({ n }) => n < before).slice(0, count);
      },
    },
  } as unknown as Deps;
  return { deps, reads: () => reads };
}

describe('the history', () => {
  const entries = chain(GENESIS, facts(400));
  const { deps } = knowing(entries);

  test('is the newest, and tells where the older ones begin', async () => {
    const { entries: found, older } = await readHistory(deps, { count: 30 });
    expect(found.map(({ n }) => n)).toEqual(Array.from({ length: 30 }, (_, i) => 1600 - i));
    expect(older).toBe(1571);
    expect(await readHistory(deps, { count: 30, before: 5 })).toMatchObject({ older: undefined });
  });

  test.each([{}, { where: 'host-1' }, { where: 'host-1', by: ANA }, { by: BEN }, { since: NOW + 300 }])(
    'in pages is the same as at once: %j',
    async (filter) => {
      const { entries: all, older } = await readHistory(deps, { ...filter, count: Infinity });
      expect(older).toBeUndefined();
      expect(all.length).toBeGreaterThan(100);
      for (const count of [1, 7, 30]) {
        const paged: Entry[] = [];
        for (let before: number | undefined; ; ) {
          const page = await readHistory(deps, { ...filter, count, ...(before !== undefined && { before }) });
          paged.push(...page.entries);
          before = page.older;
          if (before === undefined || paged.length > 200) break;
        }
        expect(paged.slice(0, 200)).toEqual(all.slice(0, Math.min(200, paged.length)));
      }
    },
  );

  test('ends its look at 20,000 entries, and says from where to go on', async () => {
    const many = chain(
      GENESIS,
      Array.from({ length: 21_000 }, (): Fact => ({ at: NOW, run: runId(1), kind: 'expired' })),
    );
    const long = knowing(many);
    const { entries: found, older } = await readHistory(long.deps, { count: 30, by: ANA });
    expect([found, older, long.reads()]).toEqual([[], 1001, 40]);
    expect(await readHistory(long.deps, { count: 30, by: ANA, before: 1001 })).toEqual({
      entries: [],
      older: undefined,
    });
  });
});
