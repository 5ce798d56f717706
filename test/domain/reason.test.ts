import { describe, expect, test } from 'vitest';
import { type Markup, plain } from '../../src/domain/markup.ts';
import { lengthOf, reasonWords } from '../../src/domain/reason.ts';

const kinds = (words: Markup) => words.map(({ kind }) => kind).join(' ');

describe('a reason', () => {
  test.each([
    ['not today', 'text', 'not today'],
    ['ask <@U0ANA>, or <@W0BO|bo>!', 'text', 'ask @U0ANA, or @bo!'],
    ['<@U0ANA>', 'text', '@U0ANA'],
    ['<@u0ana> <@U> <@S0SRE> <!here> @ana', 'text', '<@u0ana> <@U> <@S0SRE> <!here> @ana'],
    ['', '', ''],
  ])('%j is text, in which people are named and nobody is called', (reason, nodes, words) => {
    expect([kinds(reasonWords(reason)), plain(reasonWords(reason))]).toEqual([nodes, words]);
  });

  test('is in pieces that are shown whole, between characters', () => {
    const long = '😀'.repeat(500);
    expect(lengthOf(long)).toBe(500);
    expect(plain(reasonWords(long))).toBe(long);
    for (const node of reasonWords(long)) expect('text' in node && node.text.length).toBeLessThanOrEqual(400);
  });
});
