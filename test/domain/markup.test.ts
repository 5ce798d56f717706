import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/domain/error.ts';
import { bold, code, join, plain, plural, say, some, text, time, user } from '../../src/domain/markup.ts';
import { ANA, NOW } from './_build.ts';

describe('markup', () => {
  test('keeps values apart from the words around them', () => {
    expect(say`host ${code('a')} has ${3}: ${'*x*'}${''}`).toEqual([
      text('host '),
      code('a'),
      text(' has '),
      text('3'),
      text(': '),
      text('*x*'),
    ]);
  });

  test('can be nested', () => {
    expect(say`a ${say`b ${bold('c')}`}`).toEqual([text('a '), text('b '), bold('c')]);
  });

  test('joins with a separator, and shows the first of many', () => {
    expect(plain(join(['a', 1, code('c')]))).toBe('a, 1, c');
    expect(join([])).toEqual([]);
    expect(plain(some(['a', 'b', 'c']))).toBe('a, b, c');
    expect(plain(some(['a', 'b', 'c', 'd', 'e']))).toBe('a, b, c and 2 more');
    expect(plain(some(['a', 'b'], 1))).toBe('a and 1 more');
  });

  test('reads without markup in logs', () => {
    expect(plain(say`${user(ANA)} at ${time(NOW)}: ${code('x')} ${bold('y')}`)).toBe(
      '@U0ANA at 2026-01-31T12:00:00.000Z: x y',
    );
  });

  test.each([
    [0, '0 images'],
    [1, '1 image'],
    [2, '2 images'],
    [12_345, '12,345 images'],
  ])('%d is %s', (n, words) => {
    expect(plural(n, 'image')).toBe(words);
  });
});

test('an error for people carries its markup, and reads as text', () => {
  const error = new UserError(say`no host ${code('a')}`, { cause: 'x' });
  expect(error.message).toBe('no host a');
  expect(error.markup).toEqual([text('no host '), code('a')]);
  expect(error.cause).toBe('x');
  expect(new UserError('plain').markup).toEqual([text('plain')]);
});
