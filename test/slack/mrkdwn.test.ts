import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bold, channel, code, type Markup, plain, say, text, time, user } from '../../src/domain/markup.ts';
import { mrkdwn, oneLine } from '../../src/slack/mrkdwn.ts';
import { ANA, NOW } from '../domain/_build.ts';
import { HOSTILE, hostileMarkup, hostileText } from './_hostile.ts';
import { scan } from './_scan.ts';

const DATE = '<!date^1769860800^{date_short_pretty} {time}|2026-01-31 12:00 UTC>';
const count = (markup: Markup, kind: string) => markup.filter((node) => node.kind === kind).length;

describe('the scanner of these tests', () => {
  test.each([
    ['<@U1> x', { live: ['<@U1>'] }],
    ['a *b* _c_ ~d~', { marks: ['*', '*', '_', '_', '~', '~'] }],
    ['snake_case', { marks: [], text: 'snake_case' }],
    ['`a &lt;b` c', { code: ['a <b'], text: 'a <b c' }],
    ['&gt; x', { wrong: ['a quote'] }],
    ['`a', { wrong: ['an open code span'] }],
    ['<@U1', { wrong: ['an open <'] }],
    ['a & b', { wrong: ['a bare &'] }],
    ['a > b', { wrong: ['a bare >'] }],
    ['a\nb', { wrong: ['what can not be seen'] }],
    ['a\u202eb', { wrong: ['what can not be seen'] }],
  ])('finds what takes effect in %j', (line, found) => {
    expect(scan(line)).toMatchObject(found);
  });
});

describe('mrkdwn', () => {
  test('shows each kind of node in its way', () => {
    const line = say`a ${bold('b')} ${code('c')} ${user(ANA)} ${channel('C0OPS')} ${time(NOW)}`;
    expect(mrkdwn(line)).toBe(`a *b* \`c\` <@U0ANA> <#C0OPS> ${DATE}`);
    expect(oneLine(line)).toBe(`a b c <@U0ANA> <#C0OPS> ${DATE}`);
    expect(plain(line)).toBe('a b c @U0ANA #C0OPS 2026-01-31T12:00:00.000Z');
  });

  test('leaves names of images as they are', () => {
    const name = 'registry.example.com:5000/team/my_app-1.x:v1.0_rc@sha256:abc';
    expect(mrkdwn([text(name)])).toBe(name);
    expect(mrkdwn([code(name)])).toBe(`\`${name}\``);
  });

  test.each(HOSTILE)('shows %j as text, in every kind of node', (hostile) => {
    for (const make of [text, code, bold]) {
      const { live, wrong, marks, code: spans } = scan(mrkdwn([make(hostile)]));
      expect({ live, wrong }).toEqual({ live: [], wrong: [] });
      expect(marks).toEqual(make === bold ? ['*', '*'] : []);
      expect(spans).toHaveLength(make === code ? 1 : 0);
    }
  });

  test('of whatever text has no mention, link or formatting but its own', () => {
    fc.assert(
      fc.property(hostileMarkup, (markup) => {
        const { live, wrong, marks, code: spans } = scan(mrkdwn(markup));
        expect(wrong).toEqual([]);
        expect(live.filter((one) => one === '<@U0ANA>')).toHaveLength(count(markup, 'user'));
        expect(live.filter((one) => one === DATE)).toHaveLength(count(markup, 'time'));
        expect(live).toHaveLength(count(markup, 'user') + count(markup, 'time'));
        expect(marks).toEqual(Array(2 * count(markup, 'bold')).fill('*'));
        expect(spans).toHaveLength(count(markup, 'code'));
      }),
      { numRuns: 3000 },
    );
  });

  test('still says what the text says: letters and digits are never lost', () => {
    const bare = (s: string) => s.replace(/[^\p{Ll}\p{Lo}\p{N}]/gu, '');
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab1é漢*_~`<>&@ '.split('')), maxLength: 300 }),
        fc.constantFrom(text, code, bold),
        (hostile, make) => {
          expect(bare(scan(mrkdwn([make(hostile)])).text)).toBe(bare(hostile));
        },
      ),
    );
  });

  test('cuts what is longer than any name, and not through a character', () => {
    const long = mrkdwn([text('🔥'.repeat(1000))]);
    expect(long.length).toBeLessThan(420);
    expect(long.endsWith('…')).toBe(true);
    expect(encodeURIComponent(long)).toContain('%F0%9F%94%A5');
  });
});

describe('the one line of a notification', () => {
  test('has no formatting, and mentions only people that we mean', () => {
    fc.assert(
      fc.property(hostileMarkup, fc.constantFrom(20, 75, 300), (markup, most) => {
        const line = oneLine(markup, most);
        const { live, wrong, marks, code: spans } = scan(line);
        expect({ wrong, marks, spans }).toEqual({ wrong: [], marks: [], spans: [] });
        expect(live.filter((one) => one !== '<@U0ANA>' && one !== DATE)).toEqual([]);
        expect(line.length).toBeLessThanOrEqual(most + 1);
      }),
      { numRuns: 2000 },
    );
  });

  test('says what the markup says', () => {
    expect(oneLine(say`${bold('dimg')} has no ${code('--al')}`)).toBe('dimg has no --al');
    expect(plain(say`${bold('dimg')} has no ${code('--al')}`)).toBe('dimg has no --al');
  });

  test('of hostile text alone has nothing live', () => {
    fc.assert(
      fc.property(hostileText, (hostile) => {
        expect(scan(oneLine([text(hostile)])).live).toEqual([]);
      }),
    );
  });
});
