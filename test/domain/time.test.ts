import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Duration } from '../../src/domain/rules.ts';
import {
  cutoff,
  formatAge,
  formatDuration,
  formatMoment,
  parseDuration,
  parseMoment,
} from '../../src/domain/time.ts';
import { DAY, HOUR, MINUTE, NOW, SECOND } from './_build.ts';

describe('a duration', () => {
  test.each([
    ['90s', 90 * SECOND],
    ['15m', 15 * MINUTE],
    ['24h', DAY],
    ['7d', 7 * DAY],
    ['2w', 14 * DAY],
    ['1h30m', HOUR + 30 * MINUTE],
    ['1.5h', HOUR + 30 * MINUTE],
    ['0s', 0],
    ['250ms', 250],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    '24',
    'h',
    '-1h',
    '+1h',
    '1 h',
    '24H',
    '1y',
    '1h30',
    '.5h',
    '1e9h',
    '5 days',
    ' 24h',
    '24h\n',
    '9'.repeat(400),
    `${'9'.repeat(400)}h`,
    '1001y',
    '999999w',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test('that is too long to be meant is refused, and so is a hostile text, at once', () => {
    expect(parseDuration('365000d')).toBe(365_000 * DAY);
    expect(parseDuration('365001d')).toBeNull();
    const start = performance.now();
    expect(parseDuration(`${'1'.repeat(50_000)}x`)).toBeNull();
    expect(parseDuration(`${'1h'.repeat(25_000)}x`)).toBeNull();
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test('in a configuration file is milliseconds, or a sentence that names it', () => {
    expect(Duration.parse('1h30m')).toBe(90 * MINUTE);
    expect(Duration.safeParse('soon').error?.issues[0]?.message).toMatch(/"soon" is not a duration/);
  });
});

describe('a moment', () => {
  test.each([
    ['24h', { ago: DAY }],
    ['2026-01-31', { at: Date.parse('2026-01-31T00:00:00Z') }],
    ['2026-01-31T12:00:00Z', { at: NOW }],
    ['2026-01-31T12:00Z', { at: NOW }],
    ['2026-01-31T12:00:00.000Z', { at: NOW }],
    ['2026-01-31T12:00:00', { at: NOW }],
    ['2026-01-31T14:00:00+02:00', { at: NOW }],
    ['2026-01-31t12:00:00z', { at: NOW }],
    ['1769860800', { at: NOW }],
    ['2024-02-29', { at: Date.parse('2024-02-29T00:00:00Z') }],
  ])('%s', (text, moment) => {
    expect(parseMoment(text)).toEqual(moment);
  });

  test.each([
    'yesterday',
    '2026',
    '31.01.2026',
    '2026-1-31',
    '2026-13-01',
    '2026-02-31',
    '2026-02-29',
    '2026-04-31T00:00:00Z',
    '2026-01-31T25:00:00Z',
    '2026-01-31T12:00:00+99:00',
    '2026-01-31 12:00:00',
    '-1',
    '12345',
  ])('%s is none', (text) => {
    expect(parseMoment(text)).toBeNull();
  });

  test('is so long before now, or itself', () => {
    expect(cutoff({ ago: DAY }, NOW)).toBe(NOW - DAY);
    expect(cutoff({ at: 5 }, NOW)).toBe(5);
  });

  test('is printed as what reads back as exactly the same', () => {
    const moments = fc.oneof(
      fc.nat({ max: 1000 * DAY }).map((ago) => ({ ago })),
      fc.nat({ max: 500 }).map((hours) => ({ ago: hours * HOUR })),
      fc.nat({ max: 4_000_000_000 }).map((seconds) => ({ at: seconds * 1000 })),
      fc.nat({ max: 4_000_000_000_000 }).map((at) => ({ at })),
    );
    fc.assert(
      fc.property(moments, (moment) => {
        expect(parseMoment(formatMoment(moment))).toEqual(moment);
      }),
      { examples: [[{ ago: 90_061_000 }], [{ ago: 0 }], [{ ago: 500 }], [{ at: NOW + 5 }]] },
    );
  });
});

describe('what people read', () => {
  test.each([
    [0, '0s'],
    [-5, '0s'],
    [999, '0s'],
    [90 * SECOND, '1m30s'],
    [30 * MINUTE, '30m'],
    [HOUR + 30 * MINUTE + 5 * SECOND, '1h30m'],
    [DAY, '1d'],
    [7 * DAY, '1w'],
    [9 * DAY, '9d'],
    [14 * DAY, '2w'],
    [90 * DAY, '90d'],
    [84 * DAY, '12w'],
    [365 * DAY, '365d'],
    [90 * DAY + 5 * HOUR + MINUTE, '90d5h'],
  ])('%d ms last %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test.each([
    [-1, '0 seconds'],
    [119 * SECOND, '119 seconds'],
    [2 * MINUTE, '2 minutes'],
    [119 * MINUTE, '119 minutes'],
    [2 * HOUR, '2 hours'],
    [47 * HOUR, '47 hours'],
    [2 * DAY, '2 days'],
    [59 * DAY, '59 days'],
    [60 * DAY, '2 months'],
    [800 * DAY, '2 years'],
  ])('%d ms ago is %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });
});
