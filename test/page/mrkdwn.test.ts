import { describe, expect, test } from 'vitest';
import { formatDate } from '../../playground/page/client/dates.ts';
import { parse } from '../../playground/page/client/mrkdwn.ts';

const text = (words: string) => ({ kind: 'text', text: words });

describe('mrkdwn', () => {
  test.each([
    ['a &lt;b&gt; &amp;amp; c', [text('a <b> &amp; c')]],
    [
      '*b* and `c*d*`',
      [{ kind: 'strong', parts: [text('b')] }, text(' and '), { kind: 'code', text: 'c*d*' }],
    ],
    ['2*3*4 a_b_c ~ ~', [text('2*3*4 a_b_c ~ ~')]],
    ['`&lt;none&gt;`', [{ kind: 'code', text: '<none>' }]],
    ['*<@U1>*', [{ kind: 'strong', parts: [{ kind: 'user', id: 'U1', label: null }] }]],
    ['<!date^5^{time}|then>', [{ kind: 'date', at: 5000, format: '{time}', fallback: 'then' }]],
    ['<https://a.example|x &amp; y>', [{ kind: 'link', href: 'https://a.example', label: 'x & y' }]],
    ['<javascript:alert(1)|x>', [text('x')]],
    ['```\n*a*\n```', [{ kind: 'pre', text: '*a*' }]],
    ['&gt; said\nmore', [{ kind: 'quote', parts: [text('said')] }, text('more')]],
    [':tada: 10:20:30', [text('🎉 10:20:30')]],
  ])('%s', (source, tokens) => expect(parse(source)).toEqual(tokens));

  test('dates near today are named', () => {
    const now = Date.now();
    expect(formatDate(now, '{date_short_pretty}', now)).toBe('today');
    expect(formatDate(now - 86_400_000, 'on {date_pretty} {odd}', now)).toBe('on yesterday {odd}');
  });
});
