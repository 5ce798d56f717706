import { describe, expect, test } from 'vitest';
import { say } from '../../src/domain/markup.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { Card } from '../../src/slack/card.ts';
import { openLists } from '../../src/slack/lists.ts';
import { DONE } from '../../src/slack/marks.ts';
import { anOutcome, HOST } from '../domain/_build.ts';
import { ended, run } from './_card.ts';
import { useThread } from './_thread.ts';

describe('a list below a card', () => {
  const { slack, marks, posting, pass, card, thread } = useThread();
  const bot = () => openLists(posting());
  const listing = (lines: number, width = 300): Card => ({
    ...{ text: '', blocks: [], outcomeList: null },
    planList: () => Array.from({ length: lines }, (_, i) => say`${i} ${'x'.repeat(width)}`),
  });

  test('of several messages goes on where Slack was busy, and repeats none', async () => {
    const at = await card();
    const put = bot();
    let posts = 0;
    const fault = slack().fault({
      ...{ method: 'chat.postMessage', kind: 'ratelimited', retryAfter: 1, times: 99 },
      match: () => ++posts % 2 === 0,
    });
    const waits: number[] = [];
    for (let wait = 1; wait > 0; ) {
      wait = await put(run('done'), at, listing(90));
      waits.push(wait);
    }
    fault.stop();
    expect(waits).toEqual([1_000, 1_000, 0]);
    const said = thread(at).flatMap(({ blocks }) => JSON.stringify(blocks).match(/(?<=["n])\d+ x/g) ?? []);
    expect(said).toEqual(Array.from({ length: 90 }, (_, i) => `${i} x`));
    expect(thread(at)).toHaveLength(3);
    expect(await put(run('done'), at, listing(90))).toBe(0);
    expect(await bot()(run('done'), at, listing(90))).toBe(0);
    expect(thread(at)).toHaveLength(3);
  });

  test('that would be many messages is one file', async () => {
    const at = await card();
    expect(await bot()(run('done'), at, listing(101, 1))).toBe(0);
    expect(
      thread(at)
        .flatMap(({ files }) => files ?? [])
        .map(({ name }) => name),
    ).toEqual(['plan-1042.txt']);
  });

  test('that Slack refuses is left, and the other one is put', async () => {
    const at = await card();
    slack().fault({ method: 'chat.postMessage', kind: 'error', error: 'restricted_action' });
    const both = { ...listing(1), outcomeList: () => [say`how it ended`] };
    expect(await bot()(run('done'), at, both)).toBe(0);
    expect(thread(at).map(({ text }) => text)).toEqual(['how it ended']);
  });

  test.each([101, 2])(
    'of %i lines whose answer was lost is looked up, and put again only if it is not there',
    async (lines) => {
      const method = lines > 100 ? 'files.completeUploadExternal' : 'chat.postMessage';
      for (const kind of ['drop-after', 'drop'] as const) {
        const at = await card();
        slack().fault({ method, kind });
        expect(await bot()(run('done'), at, listing(lines, 1))).toBeGreaterThan(0);
        expect(await bot()(run('done'), at, listing(lines, 1))).toEqual(
          kind === 'drop' ? expect.any(Number) : 0,
        );
        pass(60_000);
        expect(await bot()(run('done'), at, listing(lines, 1))).toBe(0);
        expect(thread(at)).toHaveLength(1);
      }
    },
  );

  test('of how a run ended is listed anew where hosts tell later what had been unknown', async () => {
    const at = await card();
    const told = (...outcomes: Outcome['outcome'][]) => {
      const all = outcomes.map((outcome, i) => anOutcome(`${i}`, outcome));
      return run('partial', { hosts: { [HOST]: { ...ended, outcomes: all } } });
    };
    const listing = (text: string) => ({ planList: null, outcomeList: () => [say`${text}`] });
    const put = bot();
    for (const _ of [1, 2]) expect(await put(told('unknown', 'unknown'), at, listing('two'))).toBe(0);
    for (const _ of [1, 2]) expect(await put(told('unknown', 'deleted'), at, listing('one'))).toBe(0);
    for (const _ of [1, 2]) expect(await bot()(told('failed', 'deleted'), at, listing('none'))).toBe(0);
    expect(thread(at).map(({ blocks }) => JSON.stringify(blocks))).toEqual([
      expect.stringContaining('two'),
      expect.stringMatching(/instead of what is listed above:\\none/),
      expect.stringMatching(/instead of what is listed above:\\nnone/),
    ]);
  });

  test.each([1, 101])(
    'of %i lines, taken down and not sent by a bot that stood still, is not sent by it late',
    async (lines) => {
      const at = await card();
      const slow = posting();
      let still = true;
      const late = openLists({
        ...slow,
        cards: {
          ...slow.cards,
          async mark(id, what, from, to) {
            const taken = await marks.mark(id, what, from, to);
            // Meanwhile another bot looks for it in vain, and puts it there.
            if (still && what === 'thread plan 1' && to !== DONE) {
              still = false;
              pass(60_000);
              expect(await bot()(run('done'), at, listing(lines, 1))).toBe(0);
            }
            return taken;
          },
        },
      });
      expect(await late(run('done'), at, listing(lines, 1))).toBeGreaterThan(0);
      expect(await late(run('done'), at, listing(lines, 1))).toBe(0);
      expect(thread(at)).toHaveLength(1);
    },
  );

  test('that a bot from before has put is not put again', async () => {
    const at = await card();
    await marks.mark(run('done').id, 'thread plan 1', null, '1');
    expect(await bot()(run('done'), at, listing(1))).toBe(0);
    expect(thread(at)).toEqual([]);
  });
});
