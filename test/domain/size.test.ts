import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSize, parseSize, typedSize } from '../../src/domain/size.ts';

describe('a size', () => {
  test.each([
    [0, '0 B'],
    [1, '1 B'],
    [999, '999 B'],
    [1000, '1 kB'],
    [1234, '1.23 kB'],
    [999_499, '999 kB'],
    [999_500, '1 MB'],
    [12_345_678, '12.3 MB'],
    [1_500_000_000, '1.5 GB'],
    [1e15, '1 PB'],
    [5e18, '5000 PB'],
    [-1500, '-1.5 kB'],
  ])('of %d bytes is printed as Docker does: %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test.each([
    ['500MB', 500_000_000],
    ['20GB', 20_000_000_000],
    ['1.5 TB', 1_500_000_000_000],
    ['10kB', 10_000],
    ['10KB', 10_000],
    ['7B', 7],
    ['2PB', 2e15],
    ['1.5kB', 1500],
    ['0.4B', 0],
    ['9PB', 9e15],
  ])('%s is read as %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    '',
    '20',
    'GB',
    '-1GB',
    '20gb',
    '20G',
    '20GiB',
    '1.GB',
    '20  GB',
    ' 20GB',
    '20GB ',
    '1e3MB',
    '70%',
    '9.1PB',
    `${'9'.repeat(400)}GB`,
  ])('%j is none', (text) => {
    expect(parseSize(text)).toBeNull();
  });

  test.each([
    [20_000_000_000, '20GB'],
    [1_500_000_000, '1.5GB'],
    [1_234_567, '1234.567kB'],
    [1_234_567_000, '1234.567MB'],
    [999, '999B'],
    [1001, '1.001kB'],
    [1000, '1kB'],
    [1, '1B'],
    [9e15, '9PB'],
  ])('of %d bytes is typed %s', (bytes, text) => {
    expect(typedSize(bytes)).toBe(text);
  });

  test('as typed means exactly the same bytes', () => {
    const round = fc.tuple(fc.nat({ max: 9999 }), fc.nat({ max: 11 })).map(([n, zeros]) => n * 10 ** zeros);
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.nat(), round), (bytes) => {
        expect(parseSize(typedSize(bytes))).toBe(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  test('reads back as itself, but for what three digits can not say', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 15 }), (bytes) => {
        const again = parseSize(formatSize(bytes));
        expect(Math.abs((again ?? Number.NaN) - bytes)).toBeLessThanOrEqual(bytes * 0.005);
      }),
    );
  });
});
