import { describe, expect, test, vi } from 'vitest';
import { openGate } from '../../src/slack/gate.ts';
import { metadataOf } from '../../src/slack/metadata.ts';
import { postOnce } from '../../src/slack/post-once.ts';
import { openScans } from '../../src/slack/scan.ts';
import { updateCard } from '../../src/slack/update-card.ts';
import { openWriter, type WriterParts } from '../../src/slack/writer.ts';
import { aPart, aPolicy, aRun, aSummary, HOST, HOUR, NOW } from '../domain/_build.ts';
import { silent } from '../store/_redis.ts';
import { RIGHTS } from './_card.ts';
import { aPosting, openMarks } from './_posting.ts';

/** Redis's clock, which was an hour ahead and is set right, beside one that nobody sets. */
function openClocks() {
  let [now, monotonic] = [NOW + HOUR, 0];
  return {
    time: {
      now: () => now,
      monotonic: () => monotonic,
      random: () => 0,
      sleep: (_ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve) => {
          setTimeout(resolve, 1);
          signal?.addEventListener('abort', () => resolve());
        }),
    },
    pass(ms: number): void {
      now += ms;
      monotonic += ms;
    },
    setBack(): void {
      now -= HOUR;
    },
  };
}
const proposed = aRun({
  ...{ rev: 1, state: 'proposed', policy: aPolicy() },
  ...{ proposedAt: NOW, expiresAt: NOW + 10 * HOUR },
  hosts: { [HOST]: aPart({ stage: 'planned', plan: aSummary() }) },
});

describe('a clock that is set back', () => {
  test('does not keep cards from being written', async () => {
    const { time, pass, setBack } = openClocks();
    const marks = openMarks();
    const shown: string[] = [];
    let run = proposed;
    let behind = true;
    const writer = openWriter({
      ...{ gate: { fetch, wait: () => 0, away: () => null }, rights: RIGHTS, log: silent, time },
      client: { chat: { update: async ({ text }: { text: string }) => void shown.push(text) } },
      cards: {
        ...marks,
        waiting: async (from = 0) => (from === 0 && behind ? [run.id] : []),
        lock: async () => async () => {},
        once: async () => true,
        shown: async ({ rev }: { rev: number }) => {
          behind = rev !== run.rev;
        },
      },
      runs: { load: async () => run, plans: async () => new Map() },
      ...{ botId: 'B0DIMG', name: 'bot' },
    } as unknown as WriterParts);
    writer.start();
    await vi.waitFor(() => expect(shown).toHaveLength(1));
    setBack();
    pass(1_000);
    run = { ...run, rev: 2, state: 'cancelled', cancel: { by: run.requester, at: NOW }, endedAt: NOW };
    behind = true;
    writer.kick();
    await vi.waitFor(() => expect(shown.at(-1)).toMatch(/^#1042 cancelled/));
    await writer.close();
  });

  test('holds calls to Slack no longer than Slack says', async () => {
    const { time, pass, setBack } = openClocks();
    const gate = openGate(time, silent, async () => new Response('', { status: 429 }));
    await gate.fetch('https://slack.test/api/chat.update');
    setBack();
    pass(30_000);
    expect(gate.wait('chat.update')).toBe(0);
  });

  test('holds up what is in doubt no longer than what is in doubt by now', async () => {
    const { time, pass, setBack } = openClocks();
    let answers = false;
    const call = async () => {
      if (!answers) throw new TypeError('a call without an answer');
      return { ok: true, channel: 'C0OPS', ts: '1.1' };
    };
    const posting = aPosting({ chat: { update: call } } as never, openMarks(), time);
    const once = { run: proposed.id, what: 'note', channel: 'C0OPS', send: call, find: async () => null };
    const writing = { ...posting, runs: {}, rights: RIGHTS } as unknown as Parameters<typeof updateCard>[0];
    const card = { text: '#1042 proposed', blocks: [] } as never;
    const both = async () => [
      await postOnce(posting, once as never).catch(() => null),
      await updateCard(writing, proposed, { channel: 'C0OPS', ts: '1.1' }, card, 0).catch(() => null),
    ];
    // A bot that died in the middle leaves what it had taken down.
    await both();
    answers = true;
    setBack();
    expect(await both()).toEqual([
      { kind: 'wait', ms: 25_000 },
      { wait: 0, again: 25_000 },
    ]);
    pass(25_000);
    expect(await both()).toMatchObject([
      { kind: 'there', fresh: true },
      { wait: 0, again: 0 },
    ]);
  });

  test('makes no older look into a channel do for a newer one', async () => {
    const { time, setBack } = openClocks();
    const find = openScans('B0DIMG', time.now);
    const messages: object[] = [];
    const read = async () => ({ messages: [...messages] });
    const look = () => find('C1', { read: NOW }, read, () => true);
    expect(await look()).toBeNull();
    messages.push({ bot_id: 'B0DIMG', ts: '1.1', metadata: metadataOf(proposed) });
    setBack();
    expect(await look()).toBe('1.1');
  });
});
