import { describe, expect, test } from 'vitest';
import { pickCache } from '../../src/domain/cache.ts';
import type { CacheRecord } from '../../src/domain/inventory.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { PruneSelection } from '../../src/domain/selection.ts';
import { anImage, anInventory, aRecord, DAY, HOUR, NOW, pruning, removing, rules } from './_build.ts';
import { every, planOf } from './_plan.ts';

const picked = (
  cache: readonly CacheRecord[],
  given: Partial<PruneSelection> = {},
  by: Rules = rules(),
): string[] => pickCache(cache, pruning({ buildCache: true, ...given }), by, NOW).map(({ id }) => id);

describe('a record of the build cache', () => {
  const day = { ago: DAY };
  test.each<[string, Partial<CacheRecord>, Partial<PruneSelection>, boolean]>([
    ['that nothing uses goes', {}, {}, true],
    ['that a build runs on stays, also with --all', { inUse: true }, { all: true }, false],
    ['that an image shares stays', { shared: true }, {}, false],
    ['that an image shares goes with --all', { shared: true }, { all: true }, true],
    ["of the builder's own stays", { internal: true }, {}, false],
    ["of the builder's own goes with --all", { internal: true }, { all: true }, true],
    ['made exactly so long ago goes with --until', { createdAt: NOW - DAY }, { until: day }, true],
    ['made later stays with --until', { createdAt: NOW - DAY + 1 }, { until: day }, false],
    ['used lately goes with --until', { usedAt: NOW }, { until: day }, true],
    ['used exactly so long ago goes with --unused-for', { usedAt: NOW - DAY }, { unusedSince: day }, true],
    ['used later stays with --unused-for', { usedAt: NOW - DAY + 1 }, { unusedSince: day }, false],
    ['made lately goes with --unused-for', { createdAt: NOW }, { unusedSince: day }, true],
    ['must fit both', { createdAt: 0 }, { until: { at: 1 }, unusedSince: { at: 1 } }, false],
    [
      'is not meant by options about images',
      {},
      { labels: [{ key: 'a', not: false }], repos: ['x'], keep: 9 },
      true,
    ],
  ])('%s', (_, record, selection, goes) => {
    expect(picked([aRecord('r', record)], selection)).toEqual(goes ? ['r'] : []);
  });

  test.each([
    [HOUR, true],
    [HOUR - 1, false],
  ])("used %i ms ago, under the host's min-age of an hour: %s", (ago, goes) => {
    const record = aRecord('r', { usedAt: NOW - ago, createdAt: 0 });
    expect(picked([record], { all: true }, rules({ minAge: HOUR }))).toEqual(goes ? ['r'] : []);
  });
});

describe('what records are made of', () => {
  const chain = (used: Partial<CacheRecord>) => [
    aRecord('a'),
    aRecord('b', { parents: ['a'] }),
    aRecord('c', { parents: ['b', 'other'], ...used }),
    aRecord('other'),
    aRecord('apart'),
  ];

  test('goes after all that is made of it', () => {
    for (const records of [chain({}), chain({}).toReversed()])
      expect(picked(records)).toEqual(['c', 'b', 'a', 'apart', 'other']);
  });

  test('stays with what stays, all the way down, by every parent', () => {
    for (const records of [chain({ inUse: true }), chain({ inUse: true }).toReversed()])
      expect(picked(records)).toEqual(['apart']);
  });

  test('does not hold what is made of it', () => {
    expect(picked([aRecord('a', { inUse: true }), aRecord('b', { parents: ['a'] })])).toEqual(['b']);
  });

  test('may be missing, and may be several deep on one side', () => {
    const records = [
      aRecord('top', { parents: ['low', 'middle', 'missing'] }),
      aRecord('low'),
      aRecord('middle', { parents: ['low'] }),
    ];
    expect(picked(records)).toEqual(['top', 'middle', 'low']);
  });

  test('ends also where it goes in a circle, which no engine makes', () => {
    const records = [aRecord('a', { parents: ['b'] }), aRecord('b', { parents: ['a'] })];
    expect(picked(records).sort()).toEqual(['a', 'b']);
    expect(picked([...records, aRecord('c', { parents: ['a'], inUse: true })])).toEqual([]);
  });
});

describe('a plan', () => {
  const inventory = anInventory([anImage('x')], [], { cache: [aRecord('r', { about: 'RUN '.repeat(99) })] });

  test('has records only with --build-cache, as the card needs them', () => {
    const plan = planOf(inventory, pruning({ buildCache: true }));
    expect(plan.cache).toEqual([{ id: 'r', about: 'RUN '.repeat(50), usedAt: NOW - 7 * DAY, reclaim: 100 }]);
    expect(plan.reclaim).toBe(200);
    expect(planOf(inventory, pruning())).toMatchObject({ cache: [], reclaim: 100, problems: [] });
    expect(planOf(inventory, removing(['x:1'])).cache).toEqual([]);
  });

  test('says so where the host does not allow it, and goes on with the images', () => {
    const off = rules({ buildCache: false });
    expect(planOf(inventory, pruning({ buildCache: true }), off)).toMatchObject({
      items: [{}],
      cache: [],
      reclaim: 100,
      problems: [{ kind: 'not-allowed', what: 'build-cache' }],
    });
    expect(planOf(inventory, pruning(), off).problems).toEqual([]);
  });

  test('has none where nobody looked for them', () => {
    expect(planOf(anInventory([]), every({ buildCache: true })).cache).toEqual([]);
  });
});
