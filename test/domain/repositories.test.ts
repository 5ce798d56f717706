import { describe, expect, test } from 'vitest';
import { anImage, anInventory, digest, pruning } from './_build.ts';
import { every, going, ids, reasonOf } from './_plan.ts';

const named = (...tags: string[]) => anInventory([anImage('x', { tags })]);

describe('--repo', () => {
  test.each<[string, string[], string[], boolean]>([
    ['the repository itself', ['team/app'], ['team/app:1'], true],
    ['the end of a path, where the glob has no /', ['app'], ['registry.example.com:5000/team/app:1'], true],
    ['a star within a part', ['team/*'], ['team/app:1'], true],
    ['no star across a /', ['team/*'], ['team/web/app:1'], false],
    ['no other repository', ['team/*'], ['app:1'], false],
    ['not the tag', ['1'], ['app:1'], false],
    ['one glob of several', ['web', 'app'], ['app:1'], true],
    ['all repositories of the image', ['app'], ['app:1', 'team/app:1'], true],
    ['all repositories, each by another glob', ['web', 'app'], ['app:1', 'web:1'], true],
    ['not only one of its repositories', ['app'], ['app:1', 'web:1'], false],
  ])('means %s', (_, repos, tags, goes) => {
    expect(going(named(...tags), every({ repos }))).toEqual(goes ? ids('x') : []);
    if (!goes) expect(reasonOf('x', named(...tags), every({ repos }))).toEqual({ kind: 'repo' });
  });

  test('counts a repository that the image is in by a digest alone', () => {
    const inventory = anInventory([anImage('x', { tags: ['app:1'], digests: [digest('web', 'x')] })]);
    expect(going(inventory, every({ repos: ['app'] }))).toEqual([]);
    expect(going(inventory, every({ repos: ['app', 'web'] }))).toEqual(ids('x'));
  });

  test('means no image without a name', () => {
    const inventory = anInventory([anImage('x')]);
    expect(going(inventory, pruning({ repos: ['*'] }))).toEqual([]);
    expect(reasonOf('x', inventory, pruning({ repos: ['*'] }))).toEqual({ kind: 'repo' });
  });
});

describe('--not-repo', () => {
  test.each<[string, string[], string[], string | null]>([
    ['a repository that matches', ['base/*'], ['base/os:1'], 'base/*'],
    ['any one of its repositories', ['os'], ['app:1', 'base/os:1'], 'os'],
    ['any one of the globs, and names it', ['web', 'os'], ['base/os:1'], 'os'],
    ['nothing else', ['os', 'web/*'], ['app:1', 'web:1'], null],
  ])('keeps %s', (_, notRepos, tags, by) => {
    expect(going(named(...tags), every({ notRepos }))).toEqual(by === null ? ids('x') : []);
    if (by !== null)
      expect(reasonOf('x', named(...tags), every({ notRepos }))).toEqual({ kind: 'not-repo', by });
  });

  test('keeps by a digest as well, and no image without a name', () => {
    const inventory = anInventory([anImage('x', { digests: [digest('base/os', 'x')] }), anImage('y')]);
    expect(going(inventory, pruning({ notRepos: ['base/*', '*'] }))).toEqual(ids('y'));
  });

  test('wins over --repo', () => {
    const selection = every({ repos: ['team/*'], notRepos: ['app'] });
    expect(going(named('team/app:1'), selection)).toEqual([]);
    expect(going(named('team/web:1'), selection)).toEqual(ids('x'));
  });
});
