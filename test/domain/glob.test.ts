import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesGlob } from '../../src/domain/glob.ts';

describe('a glob', () => {
  test.each<[string, string, boolean]>([
    ['ci-*', 'ci-1', true],
    ['ci-*', 'ci-', true],
    ['ci-*', 'ci', false],
    ['*', 'anything', true],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['host-?', 'host-3', true],
    ['host-?', 'host-33', false],
    ['?', '/', false],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbbcd', false],
    ['*a*b*', 'xxaxxbxx', true],
    ['*a*b', 'ab', true],
    ['a**b', 'ab', true],
    ['a.c', 'abc', false],
    ['a+', 'aa', false],
    ['(a)', 'a', false],
    ['[ab]', 'a', false],
    ['[ab]', '[ab]', true],
    ['a\\*', 'a*', false],
    ['$&', '$&', true],
    ['A', 'a', false],
    ['prod/*', 'prod/app', true],
    ['prod/*', 'prod/team/app', false],
    ['*/app', 'team/app', true],
    ['*/app', 'app', false],
    ['*/*/app', 'a/b/app', true],
    ['app', 'registry.example.com/team/app', true],
    ['app*', 'registry.example.com/team/application', true],
    ['team', 'team/app', false],
    ['team/app', 'registry.example.com/team/app', false],
    ['*', 'team/app', true],
    ['a*', 'a\nb', true],
  ])('%j and %j: %s', (glob, path, matches) => {
    expect(matchesGlob(glob, path)).toBe(matches);
  });

  test('means the same as the rule said by regular expression', () => {
    const characters = fc.constantFrom('a', 'b', '/', '.');
    const text = fc.string({ unit: characters, maxLength: 10 });
    const globs = fc.string({ unit: fc.oneof(characters, fc.constantFrom('*', '?')), maxLength: 8 });
    fc.assert(
      fc.property(globs, text, (glob, path) => {
        const body = [...glob].map((c) => (c === '*' ? '[^/]*' : c === '?' ? '[^/]' : `[${c}]`)).join('');
        const whole = new RegExp(`^${body}$`);
        const last = path.slice(path.lastIndexOf('/') + 1);
        expect(matchesGlob(glob, path)).toBe(whole.test(path) || (!glob.includes('/') && whole.test(last)));
      }),
      { numRuns: 2000 },
    );
  });

  test('takes no time to speak of, however hostile', () => {
    const start = performance.now();
    for (const glob of ['*a'.repeat(120), `${'*'.repeat(200)}b`, `${'*?'.repeat(100)}b`, '*a*'.repeat(80)])
      expect(matchesGlob(`${glob}b`, 'a'.repeat(500))).toBe(false);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
