import { expect, test } from 'vitest';
import { nearest } from '../../src/domain/nearest.ts';

test.each<[string, string[], string | undefined]>([
  ['purne', ['prune', 'help', 'rmi'], 'prune'],
  ['prunee', ['prune', 'help', 'rmi'], 'prune'],
  ['PRUNE', ['prune'], 'prune'],
  ['rm', ['rmi', 'prune'], 'rmi'],
  ['mri', ['rmi', 'prune'], 'rmi'],
  ['xyzzy', ['prune', 'help', 'rmi'], undefined],
  ['ab', ['cd'], undefined],
  ['', ['a'], 'a'],
  ['', ['abc'], undefined],
  ['host-3', [], undefined],
  ['hots-3', ['host-4', 'host-3'], 'host-3'],
  ['--untl', ['--all', '--until', '--label'], '--until'],
])('%j of %j most likely meant %j', (word, known, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

test('the first of two that are equally near is meant', () => {
  expect(nearest('host-x', ['host-1', 'host-2'])).toBe('host-1');
});
