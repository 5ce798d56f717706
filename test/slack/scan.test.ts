import { WebAPIPlatformError } from '@slack/web-api';
import { describe, expect, test } from 'vitest';
import { metadataOf } from '../../src/slack/metadata.ts';
import type { ReadPage } from '../../src/slack/own-messages.ts';
import { openScans } from '../../src/slack/scan.ts';
import { aRun } from '../domain/_build.ts';

/** A channel of so many pages, a message of ours on each, and so many calls that may be made. */
function aChannel(pages: number) {
  const state = { calls: [] as string[], left: Number.POSITIVE_INFINITY, refused: '' };
  const read: ReadPage = async ({ cursor = '1' }) => {
    if (state.left < 1) throw new Error('held back');
    if (state.refused === cursor)
      throw new WebAPIPlatformError({ ok: false, error: 'invalid_cursor', response_metadata: {} });
    state.left--;
    state.calls.push(cursor);
    const page = Number(cursor);
    const about = (bot_id: string, run: number) => ({
      ...{ bot_id, ts: `${run}.0`, metadata: metadataOf(aRun({ id: run as never })) },
    });
    return {
      messages: [about('B0DIMG', page), about('B0OTHER', 100 + page)],
      response_metadata: { next_cursor: page < pages ? String(page + 1) : '' },
    };
  };
  return { state, read };
}
const about = (run: number) => (carried: { run: number }) => carried.run === run;

describe('a search in a channel', () => {
  test('finds what is ours, and nothing else', async () => {
    const { state, read } = aChannel(3);
    const find = openScans('B0DIMG', () => 0);
    expect(await find('C1', {}, read, about(2))).toBe('2.0');
    expect(state.calls).toEqual(['1', '2']);
    expect(await find('C1', {}, read, about(102))).toBe(null);
    expect(state.calls).toEqual(['1', '2', '3']);
  });

  test('that is held back goes on where it was, also for others', async () => {
    const { state, read } = aChannel(5);
    const find = openScans('B0DIMG', () => 0);
    state.left = 0;
    for (let call = 1; call < 5; call++) {
      for (const run of [77, 78]) await expect(find('C1', {}, read, about(run))).rejects.toThrow('held back');
      state.left = 1;
    }
    state.left = 2;
    expect(await Promise.all([77, 78, 4].map((run) => find('C1', {}, read, about(run))))).toEqual([
      ...[null, null, '4.0'],
    ]);
    expect(state.calls).toEqual(['1', '2', '3', '4', '5']);
  });

  test.each<[string, { from?: number; to?: number; read?: number }, number]>([
    ['of as much, a moment later, needs none', { from: 10, to: 90 }, 1],
    ['of less needs none', { from: 20, to: 80 }, 1],
    ['from before reads anew', { from: 9, to: 90 }, 2],
    ['of all reads anew', {}, 2],
    ['until later reads anew', { from: 10, to: 91 }, 2],
    ['that must have seen what came since reads anew', { from: 10, to: 90, read: 51 }, 2],
    ['that need not reads nothing', { from: 10, to: 90, read: 50 }, 1],
  ])('%s', async (_, span, calls) => {
    const { state, read } = aChannel(1);
    let now = 50;
    const find = openScans('B0DIMG', () => now);
    await find('C1', { from: 10, to: 90 }, read, about(1));
    now += 60_000;
    expect(await find('C1', span, read, about(9))).toBe(null);
    expect(state.calls).toHaveLength(calls);
  });

  test('reads anew after some minutes', async () => {
    const { state, read } = aChannel(1);
    let now = 0;
    const find = openScans('B0DIMG', () => now);
    await find('C1', {}, read, about(1));
    now += 300_000;
    await find('C1', {}, read, about(1));
    expect(state.calls).toEqual(['1', '1']);
  });

  test('begins anew once where its cursor is refused', async () => {
    const { state, read } = aChannel(3);
    const find = openScans('B0DIMG', () => 0);
    state.left = 1;
    await expect(find('C1', {}, read, about(3))).rejects.toThrow('held back');
    state.left = 10;
    state.refused = '2';
    await expect(find('C1', {}, read, about(3))).rejects.toThrow('invalid_cursor');
    expect(state.calls).toEqual(['1', '1']);
    state.refused = '';
    expect(await find('C1', {}, read, about(3))).toBe('3.0');
  });
});
