import { describe, expect, test } from 'vitest';
import { plain } from '../../src/domain/markup.ts';
import type { CacheOutcome } from '../../src/domain/outcome.ts';
import type { Item, Kept } from '../../src/domain/plan.ts';
import {
  cacheOutcomeRows,
  cacheRows,
  containerRows,
  itemRow,
  keptRows,
  outcomeRow,
  problemRows,
} from '../../src/domain/rows.ts';
import { aKept, anItem, anOutcome, aPlan, DAY, digest, HOUR, id, NOW } from './_build.ts';

const short = id('a').slice(7, 19);
const stopped = { container: 'web-1', running: false };
const running = { container: 'web-2', running: true };

describe('what goes', () => {
  test.each<[string, Partial<Item>]>([
    [`• app:1 ${short} frees 1.2 MB`, { references: ['app:1'], reclaim: 1_200_000, recoverable: 'x' }],
    [`• app:1 ${short} frees 100 B, can't be pulled again`, { references: ['app:1'] }],
    [`• <none>:<none> ${short} frees 100 B, can't be pulled again`, {}],
    [
      `• a:1, a:2, a:3 and 1 more ${short} frees 100 B`,
      { references: ['a:1', 'a:2', 'a:3', 'a:4'], recoverable: digest('a', 'a') },
    ],
    [
      `• app:1 ${short} frees 0 B of 100 B, forced under web-1 (stopped)`,
      { references: ['app:1'], force: true, reclaim: 0, usedBy: [stopped], recoverable: 'x' },
    ],
    [
      '• app:1 untag only, frees 0 B, the image stays as app:2',
      { references: ['app:1', 'app:2'], remove: ['app:1'], action: 'untag', reclaim: 0 },
    ],
    [
      '• app:1 untag only, frees 0 B, web-2 keeps running',
      {
        references: ['app:1'],
        remove: ['app:1'],
        action: 'untag',
        force: true,
        reclaim: 0,
        usedBy: [stopped, running],
      },
    ],
    [
      `• app:1 ${short} frees 100 B, first removes the container web-1, stopped 2 days ago`,
      {
        references: ['app:1'],
        recoverable: 'x',
        containers: [{ id: 'c', name: 'web-1', stoppedAt: NOW - 2 * DAY }],
      },
    ],
    [
      `• app:1 ${short} frees 100 B, of the Compose project shop, which is down, can't be pulled again`,
      { references: ['app:1'], project: 'shop' },
    ],
    [
      `• app:1 ${short} is pulled again where it is gone, 100 B`,
      { action: 'restore', references: ['app:1'], recoverable: 'x' },
    ],
    [`• app:1 ${short} gets its name back`, { action: 'restore', references: ['app:1'] }],
  ])('%s', (row, given) => {
    expect(plain(itemRow(anItem('a', given), NOW))).toBe(row);
  });
});

test('names three containers in the row of an image, and each of the others in a row of its own', () => {
  const containers = [1, 2, 3, 4, 5].map((n) => ({
    id: 'c',
    name: `web-${n}`,
    stoppedAt: NOW - 2 * n * DAY,
  }));
  const item = anItem('a', { references: ['app:1'], recoverable: 'x', containers });
  const removal = (n: number) => `first removes the container web-${n}, stopped ${2 * n} days ago`;
  expect(plain(itemRow(item, NOW))).toBe(
    `• app:1 ${short} frees 100 B, ${removal(1)}, ${removal(2)}, ${removal(3)}, and 2 more containers`,
  );
  expect(containerRows(item, NOW).map(plain)).toEqual([4, 5].map((n) => `• app:1 ${short} ${removal(n)}`));
  const fewer = { ...item, containers: containers.slice(0, 3) };
  expect(plain(itemRow(fewer, NOW))).not.toContain('more');
  expect(containerRows(fewer, NOW)).toEqual([]);
  expect(plain(itemRow({ ...item, containers: containers.slice(0, 4) }, NOW))).toMatch(
    /, and 1 more container$/,
  );
});

describe('what stays', () => {
  test.each<[RegExp, Kept['reason']]>([
    [/ stays: in use by web-2$/, { kind: 'in-use', by: [running] }],
    [/ stays: base:1 is built on it, frees 0 B$/, { kind: 'children', of: ['base:1'] }],
    [/ stays: a:1, b:1 are built on it, frees 0 B$/, { kind: 'children', of: ['a:1', 'b:1'] }],
    [/ stays: created 2 days ago, younger than asked$/, { kind: 'younger', age: 2 * DAY }],
    [/ stays: its labels don't match$/, { kind: 'label' }],
    [/ stays: protected here by prod\/\*$/, { kind: 'protected', by: 'prod/*' }],
    [
      / stays: only 10 seconds here; images are kept here for 1h$/,
      { kind: 'min-age', age: 10_000, least: HOUR },
    ],
    [/ stays: used 2 days ago, more recently than asked$/, { kind: 'used', age: 2 * DAY }],
    [/ stays: not only in repositories that were asked for$/, { kind: 'repo' }],
    [/ stays: left out by base\/\*$/, { kind: 'not-repo', by: 'base/*' }],
    [/ stays: the newest of team\/app$/, { kind: 'newest', of: 'team/app', most: 1 }],
    [/ stays: one of the 3 newest of team\/app$/, { kind: 'newest', of: 'team/app', most: 3 }],
    [/ stays: not needed to reach the goal$/, { kind: 'goal' }],
    [
      / stays: over the hourly limit here; more can go 2026-01-31T12:00:00.000Z$/,
      { kind: 'limit', again: NOW },
    ],
    [
      / stays: in use by web-1 \(stopped 2 days ago\), web-2$/,
      { kind: 'in-use', by: [{ ...stopped, stoppedFor: 2 * DAY }, running] },
    ],
    [/ stays: in use by web-2, web-2, web-2 and 1 more$/, { kind: 'in-use', by: Array(4).fill(running) }],
    [/ stays: dimg's own agent runs from it$/, { kind: 'self' }],
    [/ stays: this host does not allow force$/, { kind: 'force-off' }],
  ])('%s', (row, reason) => {
    const [first] = keptRows([aKept('a', { references: ['app:1'], reason })], false);
    expect(plain(first ?? [])).toMatch(row);
    expect(plain(first ?? [])).toMatch(/^◦ app:1 /);
  });

  test('under a stopped container names the way out, where force is one', () => {
    const kept = [aKept('a', { references: ['app:1'], reason: { kind: 'in-use', by: [stopped] } })];
    expect(plain(keptRows(kept, true)[0] ?? [])).toMatch(/force with -f\)$/);
    expect(plain(keptRows(kept, false)[0] ?? [])).toMatch(/web-1 \(stopped\)$/);
    const under = [aKept('a', { reason: { kind: 'in-use', by: [running] } })];
    expect(plain(keptRows(under, true)[0] ?? [])).not.toContain('-f');
  });

  test('because of a tag shares one row, with what takes them', () => {
    const kept = [aKept('a', { references: ['a:1'] }), aKept('b', { references: ['b:1'] })];
    const rows = keptRows(kept, false).map(plain);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatch(/a:1, b:1 .*-a/);
  });
});

describe('how it ended', () => {
  const item = anItem('a', { references: ['app:1'] });
  test.each([
    [`… app:1 ${short}`, undefined],
    [`✓ app:1 ${short} deleted, 100 B, can't be pulled again`, anOutcome('a')],
    [
      `✓ app:1 ${short} deleted, 100 B, with the containers web-1, web-2, can't be pulled again`,
      anOutcome('a', 'deleted', { containers: ['web-1', 'web-2'] }),
    ],
    [
      `✓ app:1 ${short} deleted, 100 B, with the container web-1, can't be pulled again`,
      anOutcome('a', 'deleted', { containers: ['web-1'] }),
    ],
    [
      `✓ app:1 ${short} deleted, what that freed is not known, can't be pulled again`,
      anOutcome('a', 'deleted', { freed: 0, why: { kind: 'restarted' } }),
    ],
    [`✓ app:1 ${short} deleted, 0 B, can't be pulled again`, anOutcome('a', 'deleted', { freed: 0 })],
    [`✓ app:1 ${short} is back`, anOutcome('a', 'restored')],
    [`✓ app:1 ${short} untagged, 0 B`, anOutcome('a', 'untagged')],
    [`✓ app:1 ${short} was gone already`, anOutcome('a', 'absent')],
    [
      `– app:1 ${short} skipped: its references changed since the plan: app:9`,
      anOutcome('a', 'skipped', { why: { kind: 'references', now: ['app:9'] } }),
    ],
    [
      `– app:1 ${short} skipped: cancelled before its turn`,
      anOutcome('a', 'skipped', { why: { kind: 'cancelled' } }),
    ],
    [
      `✗ app:1 ${short} failed: the engine said: conflict`,
      anOutcome('a', 'failed', { why: { kind: 'engine', message: 'conflict' } }),
    ],
    [
      `? app:1 ${short} unknown: the agent fell silent; once it is back it says here what it did`,
      anOutcome('a', 'unknown', { why: { kind: 'lost' } }),
    ],
  ])('%s', (row, outcome) => {
    expect(plain(outcomeRow(item, outcome))).toBe(row);
  });

  test('of names taken from under a container says what keeps running', () => {
    const use = (container: string, running = true) => ({ container, running });
    const untag = { references: ['app:1'], remove: ['app:1'], action: 'untag' as const, reclaim: 0 };
    const forced = anItem('a', { ...untag, force: true, usedBy: [use('web-1'), use('old', false)] });
    const words = (one: Item) => plain(outcomeRow(one, anOutcome('a', 'untagged')));
    expect(words(forced)).toBe('✓ app:1 untagged, 0 B, web-1 keeps running');
    expect(words({ ...forced, usedBy: [use('web-1'), use('web-2')] })).toMatch(
      /, web-1, web-2 keep running$/,
    );
    expect(words({ ...forced, usedBy: [use('old', false)] })).toBe('✓ app:1 untagged, 0 B');
    expect(words({ ...forced, force: false })).toBe('✓ app:1 untagged, 0 B');
  });

  test("is not told again in the words of its host's line", () => {
    const lost = anOutcome('a', 'unknown', { why: { kind: 'lost' } });
    expect(plain(outcomeRow(item, lost, { kind: 'lost' }))).toBe(`? app:1 ${short} unknown`);
    expect(plain(outcomeRow(item, lost, { kind: 'restarted' }))).toContain('the agent fell silent');
  });
});

describe('the build cache', () => {
  const record = { id: 'r', about: 'RUN', usedAt: 1, reclaim: 60 };
  const plan = aPlan([], { cache: [record, { ...record, id: 's' }] });

  test('is one row, with what it frees in all', () => {
    expect(cacheRows(plan).map(plain)).toEqual(['• 2 build cache records free 120 B']);
    expect(cacheRows(aPlan([], { cache: [record] })).map(plain)).toEqual([
      '• 1 build cache record frees 60 B',
    ]);
    expect(cacheRows(aPlan([]))).toEqual([]);
  });

  test.each<[string, CacheOutcome | undefined]>([
    ['… 2 build cache records', undefined],
    ['✓ 2 of 2 build cache records deleted, 120 B', { deleted: 2, skipped: 0, failed: 0, freed: 120 }],
    [
      '– 1 of 2 build cache records deleted, 60 B; 1 used since the plan, or gone',
      { deleted: 1, skipped: 1, failed: 0, freed: 60 },
    ],
    [
      '✗ 0 of 2 build cache records deleted, 0 B; 1 skipped; 1 failed: the engine said: no',
      { deleted: 0, skipped: 1, failed: 1, freed: 0, why: { kind: 'engine', message: 'no' } },
    ],
    [
      '– 0 of 2 build cache records deleted, 0 B; 2 skipped: cancelled before its turn',
      { deleted: 0, skipped: 2, failed: 0, freed: 0, why: { kind: 'cancelled' } },
    ],
  ])('%s', (row, outcome) => {
    expect(cacheOutcomeRows(plan, outcome).map(plain)).toEqual([row]);
    expect(cacheOutcomeRows(aPlan([]), outcome)).toEqual([]);
  });
});

test('a name that means nothing, or too much, says the way out', () => {
  const plan = aPlan([], {
    problems: [
      { kind: 'not-found', name: 'aap:1', near: 'app:1' },
      { kind: 'not-found', name: 'x:1' },
      { kind: 'ambiguous', name: 'abcabcabcabc', matches: ['abcabcabcabc0', 'abcabcabcabc1'] },
    ],
  });
  expect(problemRows(plan).map(plain)).toEqual([
    '⚠ No image aap:1. Did you mean app:1?',
    '⚠ No image x:1.',
    '⚠ abcabcabcabc is the start of 2 image IDs (abcabcabcabc0, abcabcabcabc1): give more digits.',
  ]);
});
