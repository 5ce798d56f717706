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

function knowing(entries: readonly Entry[], hostsOf: (run: number) => string[] = () => []) {
  const newest = entries.toReversed();
  let reads = 0;
  const loads: number[] = [];
  const deps = {
    groups: {},
    hosts: { list: async () => [aHostStatus('host-1'), aHostStatus('host-2')] },
    runs: {
      async load(id: number) {
        loads.push(id);
        if (id === 9) throw new Error('it is no run');
        const hosts = hostsOf(id);
        return hosts.length === 0 ? null : { hosts: Object.fromEntries(hosts.map((name) => [name, {}])) };
      },
    },
    audit: {
      read: async ({ count, before = Infinity }: { count: number; before?: number }) => {
        reads++;
        return newest.filter(({ n }) => n < before).slice(0, count);
      },
    },
  } as unknown as Deps;
  return { deps, loads, reads: () => reads };
}

describe('the history', () => {
  const entries = chain(GENESIS, facts(400));
  const { deps } = knowing(entries, (run) => [run % 2 ? 'host-2' : 'host-1']);

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

  test('finds what came days after everything that names the host, once and for each page', async () => {
    const of = (run: number, kind: Fact['kind'], more: Partial<Fact> = {}): Fact => ({
      ...{ at: NOW, run: runId(run), kind },
      ...more,
    });
    const between = Array.from({ length: 700 }, () => of(3, 'continued', { by: BEN }));
    const late = [of(9, 'continued'), of(1, 'undone', { by: ANA }), of(2, 'undone'), of(1, 'again')];
    const named = [1, 4, 4, 4].map((run) => of(run, 'planned', { host: host('host-1') }));
    const whole = chain(GENESIS, [
      ...[...named.slice(0, 1), of(2, 'planned', { host: host('host-2') })],
      ...[...between, ...named.slice(1), ...late],
    ]);
    const bot = knowing(whole, (id) => [id === 1 || id === 4 ? 'host-1' : 'host-2']);
    const filter = { where: 'host-1', count: 1 };
    const found: number[] = [];
    for (let before: number | undefined; ; ) {
      const page = await readHistory(bot.deps, { ...filter, ...(before !== undefined && { before }) });
      found.push(...page.entries.map(({ n }) => n));
      before = page.older;
      if (before === undefined) break;
    }
    expect(found).toEqual([709, 707, 705, 704, 703, 1]);
    bot.loads.length = 0;
    await readHistory(bot.deps, { where: 'host-1', count: 100 });
    expect(bot.loads.toSorted()).toEqual([1, 2, 3, 9]);
  });

  describe('of a host that is not known', () => {
    const gone = (runs: number) => knowing(chain(GENESIS, facts(runs)));
    const asked = (where: string, more = {}, runs = 4) =>
      readHistory(
        { ...gone(runs).deps, hosts: { list: async () => [aHostStatus('host-1'), aHostStatus('db-1')] } },
        { where, count: 30, ...more },
      );
    test('is what the audit has of it', async () => {
      expect((await asked('host-2')).entries.map(({ run }) => run)).toContain(1);
      expect(await asked('host-2', { since: NOW + 100 })).toEqual({ entries: [], older: undefined });
    });
    test.each([{}, { since: NOW }, { by: ANA }, { before: 3 }])(
      'is none if the audit has nothing: %j',
      async (more) => {
        await expect(asked('hots-1', more)).rejects.toThrow(
          'There is no host hots-1, and the audit names none. Did you mean host-1?',
        );
        await expect(asked('nohost', more)).rejects.toThrow(
          'There is no host nohost, and the audit names none. Known: db-1, host-1.',
        );
      },
    );
    test('may be in what is further back than a look goes', async () => {
      expect((await asked('nohost', {}, 5001)).older).toBe(5);
    });
  });

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
