import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkMessageBlocks } from '../../playground/slack/blocks/check.ts';
import { fitsPost } from '../../playground/slack/blocks/message.ts';
import { textLength } from '../../playground/slack/blocks/walk.ts';
import { code, type Markup, say, text, time } from '../../src/domain/markup.ts';
import { privately, privatePages } from '../../src/slack/answers.ts';
import {
  answerContent,
  asText,
  button,
  type Content,
  context,
  MESSAGE,
  pages,
  sections,
} from '../../src/slack/blocks.ts';
import { NOW } from '../domain/_build.ts';
import { hostileMarkup } from './_hostile.ts';
import { scan } from './_scan.ts';

/** Refusals were seen above this many characters in all. */
const TOTAL = 11_000;
const fits = ({ text: notice, blocks }: Content) => {
  checkMessageBlocks(blocks, TOTAL);
  expect(fitsPost(notice)).toBe(true);
  expect(notice).not.toBe('');
};
/** Every line of mrkdwn in these blocks. */
const linesOf = (blocks: Content['blocks']): string[] =>
  blocks.flatMap((block) => {
    const texts =
      block.type === 'section'
        ? [block.text]
        : block.type === 'context'
          ? block.elements.map((element) => (element.type === 'mrkdwn' ? element : undefined))
          : [];
    return texts.flatMap((one) => {
      if (one?.type !== 'mrkdwn') return [];
      expect(one.verbatim).toBe(true);
      return one.text.split('\n');
    });
  });
const harmless = (blocks: Content['blocks']) => {
  for (const line of linesOf(blocks)) expect([line, scan(line).wrong]).toEqual([line, []]);
};

/** Lines of any length with hostile text in them, up to far more than a message takes. */
const line = fc
  .array(hostileMarkup, { minLength: 1, maxLength: 4 })
  .map((parts): Markup => [text('• '), ...parts.flatMap((part) => [...part, text(' ')])]);

describe('sections', () => {
  test('take as many lines as fit, in order', () => {
    const blocks = sections(Array.from({ length: 100 }, (_, i) => say`line ${i}`));
    expect(blocks).toHaveLength(1);
    expect(linesOf(blocks)).toEqual(Array.from({ length: 100 }, (_, i) => `line ${i}`));
  });

  test('begin anew where a line does not fit any more, and lose none', () => {
    const lines = Array.from({ length: 60 }, (_, i) => say`${i} ${'x'.repeat(200)}`);
    const blocks = sections(lines);
    checkMessageBlocks(blocks, Infinity);
    expect(blocks.length).toBeGreaterThan(4);
    expect(linesOf(blocks)).toHaveLength(60);
  });

  test('cut a line that no section takes, and never so that a part of it comes to life', () => {
    const long: Markup = Array.from({ length: 200 }, (_, i) => [
      code(`a b ${i}`),
      text(' '),
      time(NOW),
      text(' '),
    ]).flat();
    for (let lead = 0; lead < 120; lead++) {
      const blocks = sections([[text('x'.repeat(lead)), ...long]]);
      checkMessageBlocks(blocks, Infinity);
      harmless(blocks);
      expect(linesOf(blocks)[0]?.endsWith('…')).toBe(true);
    }
  });

  test('are within the limits and harmless, whatever the lines', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 10 }), (lines) => {
        const blocks = sections(lines);
        checkMessageBlocks(blocks, Infinity);
        harmless(blocks);
        expect(linesOf(blocks)).toHaveLength(lines.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a context', () => {
  test('is cut where Slack would refuse it, and harmless', () => {
    fc.assert(
      fc.property(line, (markup) => {
        const blocks = [context(markup)];
        checkMessageBlocks(blocks, TOTAL);
        harmless(blocks);
      }),
      { numRuns: 500 },
    );
  });
});

describe('pages', () => {
  test('are messages that Slack takes, with every line once and in order', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => say`${i} ${'x'.repeat(i % 390)}`);
    const all = pages(lines);
    for (const page of all) fits(page);
    expect(all.flatMap(({ blocks }) => linesOf(blocks)).map((one) => Number(one.split(' ')[0]))).toEqual(
      lines.map((_, i) => i),
    );
    expect(Math.max(...all.map(({ blocks }) => linesOf(blocks).length))).toBeLessThanOrEqual(100);
  });

  test('are within the limits and harmless, whatever the lines', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 40, size: 'max' }), (lines) => {
        for (const page of pages(lines)) {
          fits(page);
          harmless(page.blocks);
          expect(scan(page.text).wrong).toEqual([]);
          expect(textLength(page.blocks)).toBeLessThanOrEqual(MESSAGE + 1);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('are one page for what fits in one', () => {
    expect(pages([say`a`, say`b`])).toHaveLength(1);
    expect(pages([say`a`, say`b`], 1)).toHaveLength(2);
  });
});

describe('an answer', () => {
  const huge = { lines: Array.from({ length: 3000 }, (_, i) => say`${i} ${'&<>'.repeat(100)}`) };

  test('of one message is cut, and says so', () => {
    const content = answerContent(huge);
    fits(content);
    expect(linesOf(content.blocks).at(-1)).toBe('The rest is too long for a message; narrow it.');
  });

  test('that fits is not cut, and takes its own notice', () => {
    const content = answerContent({ lines: [say`a`, say`b`], notice: 'two' });
    expect(content.text).toBe('two');
    expect(linesOf(content.blocks)).toEqual(['a', 'b']);
  });

  test('for one person is ephemeral and never replaces a card', () => {
    expect(privately({ lines: [say`a`] })).toMatchObject({
      response_type: 'ephemeral',
      replace_original: false,
      text: 'a',
    });
  });

  test('in several messages takes no more than a reply address does, and says where it is cut', () => {
    const messages = privatePages(huge);
    expect(messages).toHaveLength(4);
    for (const message of messages) fits(message);
    expect(linesOf(messages.at(-1)?.blocks ?? []).at(-1)).toMatch(/^The rest is too long/);
    const small = privatePages({ lines: [say`a`] });
    expect(small).toHaveLength(1);
    expect(linesOf(small[0]?.blocks ?? [])).toEqual(['a']);
  });

  test('as a file has every line in full, without markup', () => {
    expect(asText([say`a ${code('<b>')}`, say`c`])).toBe('a <b>\nc\n');
  });
});

test('a button carries the number of its run and nothing else', () => {
  expect(button('confirm', 'Delete 3 images', 1042, 'danger')).toEqual({
    type: 'button',
    action_id: 'confirm',
    text: { type: 'plain_text', text: 'Delete 3 images', emoji: false },
    value: '1042',
    style: 'danger',
  });
});
