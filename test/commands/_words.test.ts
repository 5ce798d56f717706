import { describe, expect, test } from 'vitest';
import { normalise, tokenise } from '../../src/commands/_words.ts';

describe('what Slack and phones do to typed text is undone', () => {
  test.each([
    ['a long dash for two', 'prune host-3 —all —until 24h', 'prune host-3 --all --until 24h'],
    ['a short dash for two', 'prune host-3 –all', 'prune host-3 --all'],
    ['a long dash at the beginning', '—all', '--all'],
    ['other dashes', 'prune host‑3 −f', 'prune host-3 -f'],
    ['curly quotes', 'deny 1042 “not today” ‘please’', 'deny 1042 "not today" \'please\''],
    ['low and pointed quotes', '„x“ «y»', '"x" "y"'],
    ['a no-break space', 'prune\u00a0host-3\u202f-a', 'prune host-3 -a'],
    ['what can not be seen', 'pru\u200bne\ufeff ho\u2060st-3\u200d', 'prune host-3'],
    ['entities', 'deny 1042 a &lt; b &amp;&amp; c &gt; d', 'deny 1042 a < b && c > d'],
    ['an entity of an entity', '&amp;lt;', '&lt;'],
    ['a link with its label', 'prune <http://db.example.com|db.example.com>', 'prune db.example.com'],
    [
      'a link without a label',
      'rmi a <https://registry.example.com/app:1>',
      'rmi a registry.example.com/app:1',
    ],
    ['a mail address', 'rmi a <mailto:app@sha256.example|app@sha256.example>', 'rmi a app@sha256.example'],
    ['a mention with a name', 'history --by <@U1|ana>', 'history --by <@U1>'],
    ['a mention without a name', 'history --by <@U1>', 'history --by <@U1>'],
    ['a channel and a user group', '<#C1|general> <!subteam^S1|@ops>', '<#C1> <!subteam^S1>'],
    ['spaces around', '  help  ', 'help'],
  ])('%s', (_, typed, meant) => {
    expect(normalise(typed)).toBe(meant);
  });

  test('and nothing else is', () => {
    const text = `rmi host-3 registry.example.com:5000/team/app:1.0-rc_2 app@sha256:${'0'.repeat(64)} --label!=a=b`;
    expect(normalise(text)).toBe(text);
  });
});

describe('words', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['   ', []],
    ['a  b\tc\nd', ['a', 'b', 'c', 'd']],
    ['"a b" c', ['a b', 'c']],
    ["'a b' c", ['a b', 'c']],
    ['--label="a b"', ['--label=a b']],
    ['a"b"c', ['abc']],
    ['""', ['']],
    ['"it\'s"', ["it's"]],
    ['\'say "x"\'', ['say "x"']],
    ['a\\ b', ['a b']],
    ['"a\\"b"', ['a"b']],
    ["'a\\b'", ['a\\b']],
    ['a\\', ['a\\']],
  ])('%j are %j', (text, words) => {
    expect(tokenise(text)).toEqual(words);
  });

  test.each(['"a', "a 'b", '"a\\"'])('%j has an open quote, and that is said', (text) => {
    expect(() => tokenise(text)).toThrow(/opened and not closed/);
  });
});
