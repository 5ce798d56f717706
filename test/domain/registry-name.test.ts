import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/domain/error.ts';
import { parseRegistryName, parseRepositories } from '../../src/domain/registry-name.ts';

const HEX = 'ab'.repeat(32);
const refused = (read: () => unknown): string => {
  try {
    return `It gave ${JSON.stringify(read())}`;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
};

describe('repositories of a registry', () => {
  test.each([
    ['main/app', 'main', 'app'],
    ['main/team/app', 'main', 'team/app'],
    ['hub-1.example.com/team/app', 'hub-1.example.com', 'team/app'],
    ['main/*', 'main', '*'],
    ['main/team/*', 'main', 'team/*'],
    ['main/*/app-?', 'main', '*/app-?'],
    ['main/a__b/c--d.e', 'main', 'a__b/c--d.e'],
  ])('are read: %s', (text, registry, repositories) => {
    expect(parseRepositories(text)).toEqual({ registry, repositories });
  });

  test.each([
    ['main/team/app:1.2', 'without a tag'],
    [`main/app@sha256:${HEX}`, 'without a tag'],
    ['main/', 'is no repository'],
    ['main//app', 'is no repository'],
    ['main/app/', 'is no repository'],
    ['main/Team/app', 'is no repository'],
    ['main/../etc', 'is no repository'],
    ['main/app?n=1&x', 'is no repository'],
    ['main/app%2f', 'is no repository'],
    ['main/-app', 'is no repository'],
    [`main/${'a'.repeat(256)}`, 'is no repository'],
    ['app', 'names no registry'],
    ['/app', 'names no registry'],
    ['', 'names no registry'],
    ['Main/app', 'names no registry'],
    ['https://main/app', 'names no registry'],
    ['*/app', 'names no registry'],
  ])('are refused: %s', (text, words) => {
    const sentence = refused(() => parseRepositories(text));
    expect(sentence).toContain(words);
    expect(sentence).toContain('main/team/app');
  });
});

describe('a tag or digest in a registry', () => {
  test.each([
    ['main/app:1', { repository: 'app', tag: '1' }],
    ['main/team/app:V1.2_rc-3', { repository: 'team/app', tag: 'V1.2_rc-3' }],
    [`main/app:${'t'.repeat(128)}`, { repository: 'app', tag: 't'.repeat(128) }],
    [`main/app:sha256-${HEX}.sig`, { repository: 'app', tag: `sha256-${HEX}.sig` }],
    [`main/app@sha256:${HEX}`, { repository: 'app', digest: `sha256:${HEX}` }],
  ])('is read: %s', (text, name) => {
    expect(parseRegistryName(text)).toEqual({ registry: 'main', name });
  });

  test.each([
    'main/app',
    'main/app:',
    'main/app:*',
    'main/app:-1',
    `main/app:${'t'.repeat(129)}`,
    'main/app:1:2',
    'main/app@sha256:abc',
    `main/app@sha256:${HEX.toUpperCase()}`,
    `main/app@sha512:${HEX.repeat(2)}`,
    `main/app:1@sha256:${HEX}`,
    'main/App:1',
    'main/*:1',
    'main/app:1 ',
    'main/app:1/2',
    `main/${'a'.repeat(256)}:1`,
  ])('is never guessed: %s', (text) => {
    expect(refused(() => parseRegistryName(text))).toContain('names no tag');
  });

  test.each(['app:1', ':1', '/app:1', 'a b/app:1'])('has a registry before it: %s', (text) => {
    expect(refused(() => parseRegistryName(text))).toContain('names no registry');
  });

  test('is refused soon, however long it is', () => {
    const begun = performance.now();
    for (const text of ['a-'.repeat(20_000), 'a__'.repeat(20_000), 'a/'.repeat(20_000)]) {
      refused(() => parseRegistryName(`main/${text}:`));
      refused(() => parseRepositories(`main/${text}:`));
    }
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});
