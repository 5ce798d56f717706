import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/domain/outcome.ts';
import { type Item, Plan, planDigest } from '../../src/domain/plan.ts';
import { planUndo } from '../../src/domain/undo.ts';
import { anItem, anOutcome, aPlan, digest, HOST, id, MINUTE, NOW } from './_build.ts';

const LATER = NOW + 60 * MINUTE;
const pulled = digest('app', 'a');
const back = (items: readonly Item[], outcomes: readonly Outcome[], cache = 0): Plan =>
  planUndo(
    HOST,
    aPlan(items),
    {
      outcomes: [...outcomes],
      ...(cache > 0 && { cache: { deleted: cache, skipped: 3, failed: 4, freed: 9 } }),
    },
    LATER,
  );
const item = (given: Partial<Item> = {}) => anItem('a', { references: ['app:1', 'app:2'], ...given });

describe('what comes back', () => {
  test.each<[string, Partial<Item>, Outcome, string[] | null]>([
    [
      'deleted, and a registry has it: all its names',
      { recoverable: pulled },
      anOutcome('a'),
      ['app:1', 'app:2'],
    ],
    [
      'deleted without a name, and a registry has it',
      { references: [], recoverable: pulled },
      anOutcome('a'),
      [],
    ],
    ['deleted, and no registry has it: nothing', {}, anOutcome('a'), null],
    [
      'untagged: the names that were taken away',
      { action: 'untag', remove: ['app:2'] },
      anOutcome('a', 'untagged', { removed: ['app:2'] }),
      ['app:2'],
    ],
    ['unknown: all its names, wherever it is', {}, anOutcome('a', 'unknown'), ['app:1', 'app:2']],
    ['unknown without a name', { references: [], recoverable: pulled }, anOutcome('a', 'unknown'), []],
    [
      'failed after one name was gone: that name',
      {},
      anOutcome('a', 'failed', { removed: ['app:1'] }),
      ['app:1'],
    ],
    [
      'skipped after one name was gone: that name',
      { recoverable: pulled },
      anOutcome('a', 'skipped', { removed: ['app:1'] }),
      ['app:1'],
    ],
    ['failed and untouched: nothing', { recoverable: pulled }, anOutcome('a', 'failed'), null],
    ['skipped and untouched: nothing', {}, anOutcome('a', 'skipped'), null],
    [
      'gone before: nothing, since somebody else took it',
      { recoverable: pulled },
      anOutcome('a', 'absent'),
      null,
    ],
    ['another image: nothing of this one', { recoverable: pulled }, anOutcome('b'), null],
  ])('%s', (_, given, outcome, references) => {
    const { items } = back([item(given)], [outcome]);
    expect(items.map((one) => one.references)).toEqual(references === null ? [] : [references]);
  });

  test('is an item of its own: it takes nothing away, forces nothing and frees nothing', () => {
    const given = item({
      recoverable: pulled,
      force: true,
      containers: [{ id: 'c'.repeat(64), name: 'web-1', stoppedAt: 1 }],
      usedBy: [{ container: 'web-1', running: false }],
      project: 'shop',
    });
    expect(back([given], [anOutcome('a')]).items).toEqual([
      {
        ...given,
        action: 'restore',
        references: ['app:1', 'app:2'],
        remove: [],
        containers: [],
        force: false,
        reclaim: 0,
        usedBy: [],
      },
    ]);
  });

  test('comes in the order of the plan', () => {
    const items = ['x', 'a', 'm'].map((name) => anItem(name, { recoverable: pulled }));
    const outcomes = ['m', 'x', 'a'].map((name) => anOutcome(name));
    expect(back(items, outcomes).items.map(({ image }) => image)).toEqual([id('x'), id('a'), id('m')]);
  });

  test('is a plan of this host, made now, that the wire takes', () => {
    const plan = back([item({ recoverable: pulled })], [anOutcome('a')]);
    expect(plan).toMatchObject({ host: HOST, takenAt: LATER, kept: [], cache: [], reclaim: 0, problems: [] });
    expect(plan.digest).toBe(planDigest(HOST, plan.items, []));
    expect(Plan.parse(plan)).toEqual(plan);
  });
});

describe('what is lost is said', () => {
  test('images that no registry has, by their names', () => {
    const items = [item(), anItem('b'), anItem('c', { references: ['c:1'], recoverable: pulled })];
    const plan = back(items, [anOutcome('a'), anOutcome('b'), anOutcome('c')]);
    expect(plan.problems).toEqual([
      { kind: 'lost', why: 'irrecoverable', names: ['app:1', `<none> ${id('b').slice(7, 19)}`], count: 2 },
    ]);
    expect(plan.items).toHaveLength(1);
  });

  test('containers that were removed, and build cache that was deleted', () => {
    const outcomes = [
      anOutcome('a', 'deleted', { containers: ['web-1', 'web-2'] }),
      anOutcome('b', 'failed', { containers: ['web-3'] }),
    ];
    const plan = back([item({ recoverable: pulled }), anItem('b')], outcomes, 7);
    expect(plan.problems).toEqual([
      { kind: 'lost', why: 'container', names: ['web-1', 'web-2', 'web-3'], count: 3 },
      { kind: 'lost', why: 'build-cache', names: [], count: 7 },
    ]);
  });

  test('ten by name, and the others by number', () => {
    const items = Array.from({ length: 12 }, (_, i) => anItem(`i${i}`, { references: [`i:${i}`] }));
    const [problem] = back(
      items,
      items.map(({ image }) => ({ ...anOutcome('a'), image })),
    ).problems;
    expect(problem).toMatchObject({
      count: 12,
      names: items.slice(0, 10).map(({ references }) => references[0]),
    });
  });

  test('nothing where nothing is', () => {
    expect(back([item()], [anOutcome('a', 'skipped')]).problems).toEqual([]);
    expect(back([], []).problems).toEqual([]);
  });
});
