import { describe, expect, test } from 'vitest';
import { plain } from '../../src/domain/markup.ts';
import { listed, listsFor, type Rights } from '../../src/domain/rights.ts';
import { host } from './_build.ts';

const hosts = (...names: string[]) => names.map(host);
const rights: Rights = {
  operators: ['S0OPS'],
  approvers: ['U0BOSS'],
  access: [
    { hosts: ['prod-*', 'db'], operators: ['S0SRE'], approvers: ['U0SRE'] },
    { hosts: ['prod-1'], operators: ['U0ONE'] },
    { hosts: ['*'], approvers: ['U0ANY'] },
    { hosts: ['*-???', 'prod-w*'], operators: ['U0WEB'] },
    { hosts: ['prod-wx*'], operators: ['U0WX'] },
    { hosts: ['prod-w?y'], operators: ['U0Y'] },
    { hosts: ['ci-*'], operators: ['U0CI'] },
  ],
};

describe('the lists that a person must be on', () => {
  test.each<[string, string[], 'operators' | 'approvers', (string[] | undefined)[]]>([
    ['are the general ones', ['web-1', 'web-2'], 'operators', [['S0OPS']]],
    ['are the narrower one of a host instead of the general one', ['db'], 'operators', [['S0SRE']]],
    ['are those of a whole name before those of a glob', ['prod-1'], 'operators', [['U0ONE']]],
    ['are those of the glob that spells out more', ['prod-wx7'], 'operators', [['U0WX']]],
    ['are those of the first of two globs as narrow', ['prod-2'], 'operators', [['S0SRE']]],
    ['count a glob by what it spells out', ['prod-way'], 'operators', [['U0Y']]],
    ['are all of them where hosts differ', ['web-1', 'prod-1', 'db'], 'approvers', [['U0ANY'], ['U0SRE']]],
    ['are the wider one where the narrower rule is silent', ['prod-1'], 'approvers', [['U0SRE']]],
    ['are the general one where no rule speaks of it', ['web-1'], 'operators', [['S0OPS']]],
    ['are none without a host', [], 'operators', []],
  ])('%s', (_, names, what, lists) => {
    expect(listsFor(rights, what, hosts(...names))).toEqual(lists);
  });

  test('are open to every full member where no operators are named', () => {
    expect(listsFor({ approvers: [], access: [] }, 'operators', hosts('a'))).toEqual([undefined]);
  });

  test('are empty, which is nobody, where no approvers are named', () => {
    expect(listsFor({ approvers: [], access: [] }, 'approvers', hosts('a'))).toEqual([[]]);
  });

  test('keep an empty narrower list, which is nobody, instead of falling back to the general one', () => {
    const closed: Rights = { ...rights, access: [{ hosts: ['*'], operators: [], approvers: [] }] };
    expect(listsFor(closed, 'operators', hosts('a'))).toEqual([[]]);
    expect(listsFor(closed, 'approvers', hosts('a'))).toEqual([[]]);
  });
});

test('a list names people and groups, or nobody', () => {
  expect(plain(listed(['U0ANA', 'S0SRE', 'W0BEN']))).toBe('@U0ANA, @S0SRE, @W0BEN');
  expect(plain(listed([]))).toBe('nobody');
});
