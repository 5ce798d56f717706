import { describe, expect, test } from 'vitest';
import { Drift, driftOf } from '../../src/domain/drift.ts';
import { driftRows } from '../../src/domain/drift-rows.ts';
import type { ImageId } from '../../src/domain/ids.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import { aDrift, anItem, aPlan, aRecord, id } from './_build.ts';

const gone: Trouble = { kind: 'references', now: [] };
const changed = (...names: string[]) => new Map<ImageId, Trouble>(names.map((name) => [id(name), gone]));
const short = (name: string) => id(name).slice(7, 19);
const lines = (drift: Drift, rows = 20) => driftRows(drift, false, rows).map(plain);

describe('the difference of two plans', () => {
  const items = ['a', 'b', 'c'].map((name) => anItem(name, { references: [`${name}:1`] }));

  test('names what no longer goes, and what would go that was not planned', () => {
    const now = aPlan([anItem('b'), anItem('n', { references: ['n:1'], size: 700 })], { digest: id('new') });
    const drift = driftOf(items, changed('a', 'b'), now);
    expect(Drift.parse(drift)).toEqual(drift);
    expect(drift).toEqual({
      of: 3,
      unmatched: 2,
      changed: [
        { image: id('a'), references: ['a:1'], why: gone, otherwise: false },
        { image: id('b'), references: ['b:1'], why: gone, otherwise: true },
      ],
      plan: {
        ...{ digest: id('new'), items: 2, untag: 0, untagReferences: 0, cache: 0, reclaim: 200, added: 1 },
        fresh: [{ image: id('n'), references: ['n:1'], size: 700, reclaim: 100, action: 'delete' }],
      },
    });
  });

  test('speaks of the names that go where an image is only untagged, and counts the build cache', () => {
    const untag = { action: 'untag', references: ['a:1', 'a:2'], remove: ['a:2'], reclaim: 0 } as const;
    const one = { ...untag, references: [...untag.references], remove: [...untag.remove] };
    const { about, id: record, usedAt } = aRecord('r');
    const now = aPlan([anItem('n', one)], { cache: [{ about, id: record, usedAt, reclaim: 5 }] });
    const drift = driftOf([anItem('a', one)], changed('a'), now);
    expect(drift.changed[0]?.references).toEqual(['a:2']);
    expect(drift.plan).toMatchObject({ items: 1, untag: 1, untagReferences: 1, cache: 1 });
    expect(drift.plan?.fresh).toMatchObject([{ references: ['a:2'], action: 'untag' }]);
  });

  test('has no new plan where none could be made', () => {
    expect(driftOf(items, changed('a'), null)).not.toHaveProperty('plan');
  });

  test('names twenty of each and counts all', () => {
    const names = Array.from({ length: 30 }, (_, i) => `i${i}`);
    const now = aPlan(names.map((name) => anItem(`new ${name}`)));
    const drift = driftOf(
      names.map((name) => anItem(name)),
      changed(...names),
      now,
    );
    expect(Drift.safeParse(drift).success).toBe(true);
    expect([drift.unmatched, drift.changed.length]).toEqual([30, 20]);
    expect([drift.plan?.added, drift.plan?.fresh.length]).toEqual([30, 20]);
  });
});

describe('its rows', () => {
  test('say what no longer goes and why, what would go now, and what a new plan would do', () => {
    expect(lines(aDrift({ unmatched: 2 }))).toEqual([
      `– app:1 ${short('a')} no longer goes: in use by web-1`,
      `– app:2 ${short('b')} no longer goes as it was shown: its references changed since the plan: app:2, app:3`,
      `+ app:9 ${short('n')} would go now, 120 MB`,
      'a new plan would delete 2 images, 340 MB',
    ]);
  });

  test('count what they don’t name', () => {
    const { plan } = aDrift();
    const drift = aDrift({ unmatched: 25, ...(plan && { plan: { ...plan, added: 8 } }) });
    expect(lines(drift, 1)).toEqual([
      expect.stringContaining('– app:1'),
      '– 24 more no longer match',
      expect.stringContaining('+ app:9'),
      '+ 7 more would go now',
      expect.stringContaining('a new plan'),
    ]);
  });

  test('say where nothing would go any more, and nothing where it is not known', () => {
    const { plan: _, ...unknown } = aDrift();
    expect(lines(unknown)).toHaveLength(3);
    const none = { ...aDrift().plan, items: 0, reclaim: 0, added: 0, fresh: [] } as NonNullable<
      Drift['plan']
    >;
    expect(lines(aDrift({ plan: none })).at(-1)).toBe('a new plan would delete nothing');
  });

  test('say what it frees where that is not all of it', () => {
    const plan = { ...aDrift().plan } as NonNullable<Drift['plan']>;
    const fresh = plan.fresh.map((one) => ({ ...one, reclaim: 200_000 }));
    expect(lines(aDrift({ plan: { ...plan, fresh } }))).toContain(
      `+ app:9 ${short('n')} would go now, frees 200 kB of 120 MB`,
    );
  });

  test('tell apart what is only untagged', () => {
    const plan = { ...aDrift().plan, untag: 1, untagReferences: 2 } as NonNullable<Drift['plan']>;
    const fresh = [{ image: id('n'), references: ['n:1'], size: 9, reclaim: 0, action: 'untag' as const }];
    const rows = lines(aDrift({ plan: { ...plan, fresh } }));
    expect(rows).toContain(`+ n:1 ${short('n')} would be untagged now, 0 B`);
    expect(rows.at(-1)).toBe('a new plan would delete 1 image and 2 references, 340 MB');
  });
});
