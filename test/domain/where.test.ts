import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/domain/error.ts';
import { resolveWhere } from '../../src/domain/where.ts';
import { host } from './_build.ts';

const known = ['host-3', 'ci-2', 'ci-1', 'ci-10', 'db.example.com'].map(host);
const groups = { ci: ['ci-*'], web: ['host-3', 'ci-1'], gone: ['old-*'] };
const resolve = (where: string) => resolveWhere(where, known, groups);

describe('<where>', () => {
  test.each([
    ['host-3', ['host-3']],
    ['HOST-3', ['host-3']],
    ['host-3,ci-1', ['ci-1', 'host-3']],
    ['ci-1,ci-1,ci-*', ['ci-1', 'ci-10', 'ci-2']],
    ['ci-?', ['ci-1', 'ci-2']],
    ['all', ['ci-1', 'ci-10', 'ci-2', 'db.example.com', 'host-3']],
    ['*', ['ci-1', 'ci-10', 'ci-2', 'db.example.com', 'host-3']],
    ['@ci', ['ci-1', 'ci-10', 'ci-2']],
    ['@web,ci-2', ['ci-1', 'ci-2', 'host-3']],
    ['db.example.com', ['db.example.com']],
    ['host-3,', ['host-3']],
  ])('%s means each host once, sorted', (where, hosts) => {
    expect(resolve(where)).toEqual(hosts);
  });

  test('all means every host though one is called so', () => {
    expect(resolveWhere('all', [host('all'), host('b')])).toEqual(['all', 'b']);
  });

  test.each([
    ['hots-3', /no host hots-3\. Did you mean host-3\?/],
    ['host-3,nowhere', /no host nowhere\. Known: ci-1, ci-10, ci-2, db\.example\.com, host-3/],
    ['db-example.com', /Did you mean db\.example\.com/],
    ['x*', /no host x\*/],
    ['@cj', /no group @cj\. Known: @ci, @web, @gone/],
    ['@gone', /no host @gone/],
    ['@', /no group @/],
    ['@constructor', /no group @constructor/],
    ['@__proto__', /no group @__proto__/],
    ['', /Name a host/],
    [',,', /Name a host/],
  ])('%j is refused in words', (where, words) => {
    expect(() => resolve(where)).toThrow(words);
    expect(() => resolve(where)).toThrow(UserError);
  });

  test('names the way out where no host or no group is known', () => {
    expect(() => resolveWhere('host-3', [])).toThrow(/Start dimg agent/);
    expect(() => resolveWhere('@ci', known)).toThrow(/no host groups/);
  });
});
