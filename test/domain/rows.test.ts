import { describe, expect, test } from 'vitest';
import { plain } from '../../src/domain/markup.ts';
import type { Item, Kept } from '../../src/domain/plan.ts';
import { itemRow, keptRows, outcomeRow, problemRows } from '../../src/domain/rows.ts';
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
  ])('%s', (row, given) => {
    expect(plain(itemRow(anItem('a', given), NOW))).toBe(row);
  });
});

describe('what stays', () => {
  test.each<[RegExp, Kept['reason']]>([
    [/ stays: in use by web-2$/, { kind: 'in-use', by: [running] }],
    [/ stays: base:1 is built on it, frees 0 B$/, { kind: 'children', of: ['base:1'] }],
    [/ stays: a:1, b:1 are built on it, frees 0 B$/, { kind: 'children', of: ['a:1', 'b:1'] }],
    [/ stays: created 2 days ago, younger than asked$/, { kind: 'younger', age: 2 * DAY }],
    [/ stays: its labels don't match$/, { kind: 'label' }],
    [/ stays: protected on this host by prod\/\*$/, { kind: 'protected', by: 'prod/*' }],
    [
      / stays: only 10 seconds here; this host keeps images for 1h$/,
      { kind: 'min-age', age: 10_000, least: HOUR },
    ],
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
      `? app:1 ${short} unknown: the agent fell silent; look at the host`,
      anOutcome('a', 'unknown', { why: { kind: 'lost' } }),
    ],
  ])('%s', (row, outcome) => {
    expect(plain(outcomeRow(item, outcome))).toBe(row);
  });

  test("is not told again in the words of its host's line", () => {
    const lost = anOutcome('a', 'unknown', { why: { kind: 'lost' } });
    expect(plain(outcomeRow(item, lost, { kind: 'lost' }))).toBe(`? app:1 ${short} unknown`);
    expect(plain(outcomeRow(item, lost, { kind: 'restarted' }))).toContain('the agent fell silent');
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
