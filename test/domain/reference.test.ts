import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/domain/error.ts';
import { familiarReference, parseImageName, repositoryOf } from '../../src/domain/reference.ts';

const HEX = 'f'.repeat(64);

describe('a reference', () => {
  // The accepted cases of distribution's reference_test.go and normalize_test.go, with the familiar form.
  test.each([
    ['app', 'app:latest'],
    ['app:1', 'app:1'],
    ['test_com', 'test_com:latest'],
    ['test.com:tag', 'test.com:tag'],
    ['test.com:5000', 'test.com:5000'],
    ['test.com/repo:tag', 'test.com/repo:tag'],
    ['test:5000/repo', 'test:5000/repo:latest'],
    ['test:5000/repo:tag', 'test:5000/repo:tag'],
    ['app:1/json', 'app:1/json:latest'],
    [`test:5000/repo@sha256:${HEX}`, `test:5000/repo@sha256:${HEX}`],
    [`test:5000/repo:tag@sha256:${HEX}`, `test:5000/repo@sha256:${HEX}`],
    ['lowercase:Uppercase', 'lowercase:Uppercase'],
    ['sub-dom1.foo.com/bar/baz/quux:some-long-tag', 'sub-dom1.foo.com/bar/baz/quux:some-long-tag'],
    [
      'b.gcr.io/test.example.com/my-app:test.example.com',
      'b.gcr.io/test.example.com/my-app:test.example.com',
    ],
    ['xn--n3h.com/myimage:xn--n3h.com', 'xn--n3h.com/myimage:xn--n3h.com'],
    ['foo_bar.com:8080', 'foo_bar.com:8080'],
    ['foo/foo_bar.com:8080', 'foo/foo_bar.com:8080'],
    ['192.168.1.1:5000/repo', '192.168.1.1:5000/repo:latest'],
    ['[2001:db8::1]/repo', '[2001:db8::1]/repo:latest'],
    ['[2001:db8::1]:5000/repo:tag', '[2001:db8::1]:5000/repo:tag'],
    ['a__b/c---d/e.f', 'a__b/c---d/e.f:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['LOCALHOST/app', 'LOCALHOST/app:latest'],
    ['docker.io/library/ubuntu', 'ubuntu:latest'],
    ['index.docker.io/library/ubuntu:24.04', 'ubuntu:24.04'],
    ['docker.io/ubuntu', 'ubuntu:latest'],
    ['library/ubuntu', 'ubuntu:latest'],
    ['docker.io/team/app', 'team/app:latest'],
    ['docker.io/library/team/app', 'library/team/app:latest'],
    ['library/team/app', 'library/team/app:latest'],
    ['docker.io/1a3f5e7d9c1b3a5f', '1a3f5e7d9c1b3a5f:latest'],
    [`${'a/'.repeat(127)}a:tag-puts-this-over-max`, `${'a/'.repeat(127)}a:tag-puts-this-over-max`],
    [`app:${'t'.repeat(128)}`, `app:${'t'.repeat(128)}`],
  ])('%s is listed as %s', (text, familiar) => {
    expect(familiarReference(text)).toBe(familiar);
    expect(parseImageName(text)).toMatchObject({ text, reference: familiar });
  });

  // The refused cases of the same, and what a path or a query of the engine's API could be made of.
  test.each([
    '',
    ':justtag',
    `@sha256:${HEX}`,
    `repo@sha256:${'f'.repeat(34)}`,
    `validname@invaliddigest:${HEX}`,
    'Uppercase:tag',
    'test:5000/Uppercase/lowercase:tag',
    `${'a/'.repeat(128)}a:tag`,
    'aa/asdf$$^/aa',
    '[2001:db8::1]',
    '[fe80::1%eth0]:5000/repo',
    '2001:db8::1/repo',
    'a..b',
    'a___b',
    'a._b',
    '-app',
    'app-',
    '.app',
    'app.',
    '_app',
    'a//b',
    '/app',
    'app/',
    'app:',
    `app:${'t'.repeat(129)}`,
    'app:-1',
    'app:1:2',
    'app@',
    'http://app',
    'https://registry.example.com/app:1',
    '../containers/x?force=1',
    '..',
    'a/../b',
    'a/./b',
    'app:1?force=1',
    'app:1&force=1',
    'app:1#x',
    'app%2f..%2fcontainers',
    'app:1 b:2',
    ' app:1',
    'app:1\n',
    'app\u0000',
    'äpp',
    'app\u200b',
    'аpp',
  ])('%j is none', (text) => {
    expect(familiarReference(text)).toBeNull();
    expect(() => parseImageName(text)).toThrow(UserError);
  });

  test('of whatever text has nothing in it that a URL would read otherwise', () => {
    const near = fc.string({
      unit: fc.constantFrom(...'ab1/.:@-_?#%& \\\n[]A'.split(''), '..', `sha256:${HEX}`),
      maxLength: 12,
    });
    fc.assert(
      fc.property(near, (text) => {
        const reference = familiarReference(text);
        if (reference === null) return;
        expect(reference).toMatch(/^[A-Za-z0-9_.:/@[\]-]+$/);
        expect(reference.split('/')).not.toContain('..');
        expect(reference.split('/')).not.toContain('.');
        expect(reference.startsWith('/')).toBe(false);
        // What the engine lists is read back as itself.
        expect(familiarReference(reference)).toBe(reference);
      }),
      { numRuns: 5000 },
    );
  });

  test('that is long and hostile is refused at once', () => {
    const start = performance.now();
    for (const text of [
      `${'a-'.repeat(20_000)}!`,
      `${'a.'.repeat(20_000)}!`,
      `${'a/'.repeat(20_000)}!`,
      `${'a'.repeat(40_000)}!`,
      `${'1:'.repeat(20_000)}!`,
    ])
      expect(familiarReference(text)).toBeNull();
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('an ID', () => {
  test.each([
    [HEX, HEX],
    [`sha256:${HEX}`, HEX],
    ['3f2a9c01b7de', '3f2a9c01b7de'],
    ['sha256:3f2a9c01b7de', '3f2a9c01b7de'],
  ])('can be %s', (text, idPrefix) => {
    expect(parseImageName(text)).toMatchObject({ text, idPrefix });
  });

  test('of 12 digits can be a reference as well; with sha256: it can not', () => {
    expect(parseImageName('3f2a9c01b7de').reference).toBe('3f2a9c01b7de:latest');
    expect(parseImageName('sha256:3f2a9c01b7de')).not.toHaveProperty('reference');
  });

  test.each(['sha256:', 'sha256:3f2a9c01b7d', `sha256:${HEX}0`, 'sha256:3F2A9C01B7DE', 'sha256:../../x'])(
    '%s is refused, saying what an ID is',
    (text) => {
      expect(() => parseImageName(text)).toThrow(/12 to 64 hexadecimal digits/);
    },
  );

  test.each(['3f2a9c01b7d', 'app', `${HEX}0`])('%s is read as a reference only', (text) => {
    expect(parseImageName(text)).not.toHaveProperty('idPrefix');
  });
});

test.each([
  ['team/app:1', 'team/app'],
  [`team/app@sha256:${HEX}`, 'team/app'],
  ['registry.example.com:5000/app', 'registry.example.com:5000/app'],
  ['registry.example.com:5000/app:1', 'registry.example.com:5000/app'],
  ['[2001:db8::1]:5000/app:1', '[2001:db8::1]:5000/app'],
  ['app', 'app'],
])('the repository of %s is %s', (reference, repository) => {
  expect(repositoryOf(reference)).toBe(repository);
});
