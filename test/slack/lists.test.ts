import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Slack } from '../../playground/slack/index.ts';
import { say } from '../../src/domain/markup.ts';
import type { CardQueue } from '../../src/ports.ts';
import type { Card } from '../../src/slack/card.ts';
import { openLists } from '../../src/slack/lists.ts';
import { type Fixture, withClient } from '../playground/slack/_app.ts';
import { silent } from '../store/_redis.ts';
import { run } from './_card.ts';

describe('a list below a card', () => {
  let fixture: Fixture;
  let slack: Slack;
  let taken: Set<string>;
  beforeAll(async () => {
    fixture = await withClient();
    slack = fixture.slack;
  });
  afterAll(() => fixture.end());

  const cards = {
    once: async (id: number, what: string) =>
      !taken.has(`${id} ${what}`) && Boolean(taken.add(`${id} ${what}`)),
    again: async (id: number, what: string) => void taken.delete(`${id} ${what}`),
  } as unknown as CardQueue;
  const bot = () => openLists({ client: fixture.client, cards, log: silent });
  async function card() {
    taken = new Set();
    const { ts = '' } = await fixture.client.chat.postMessage({ channel: 'C0OPS', text: '#1042' });
    return { channel: 'C0OPS', ts };
  }
  const listing = (lines: number, width = 300): Card => ({
    ...{ text: '', blocks: [], outcomeList: null },
    planList: () => Array.from({ length: lines }, (_, i) => say`${i} ${'x'.repeat(width)}`),
  });
  const thread = (at: { channel: string; ts: string }) => slack.thread(at.channel, at.ts).slice(1);

  test('of several messages goes on where Slack was busy, and repeats none', async () => {
    const at = await card();
    const put = bot();
    let posts = 0;
    const fault = slack.fault({
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
    slack.fault({ method: 'chat.postMessage', kind: 'error', error: 'restricted_action' });
    const both = { ...listing(1), outcomeList: () => [say`how it ended`] };
    expect(await bot()(run('done'), at, both)).toBe(0);
    expect(thread(at).map(({ text }) => text)).toEqual(['how it ended']);
  });
});
