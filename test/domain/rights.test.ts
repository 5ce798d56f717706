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
    { hosts: ['prod-1'], operators: ['U0LATE'] },
    { hosts: ['ci-*'], operators: ['U0CI'] },
  ],
};

describe('the lists that a person must be on', () => {
  test.each<[string, string[], 'operators' | 'approvers', (string[] | undefined)[]]>([
    ['are the general ones', ['web-1', 'web-2'], 'operators', [['S0OPS']]],
    ['are the narrower one of a host instead of the general one', ['prod-1'], 'operators', [['S0SRE']]],
    ['are all of them where hosts differ', ['web-1', 'prod-1', 'db'], 'approvers', [['U0BOSS'], ['U0SRE']]],
    ['are the general one where the narrower rule is silent', ['ci-1'], 'approvers', [['U0BOSS']]],
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
  expect(plain(listed(['U0ANA', 'S0SRE', 'W0BEN']))).toBe('@U0ANA, group S0SRE, @W0BEN');
  expect(plain(listed([]))).toBe('nobody');
});
