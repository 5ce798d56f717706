import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Slack } from '../../playground/slack/index.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Run } from '../../src/domain/run.ts';
import { openAuditLine } from '../../src/slack/audit-line.ts';
import { openPostedHeads } from '../../src/slack/heads.ts';
import { metadataOf } from '../../src/slack/metadata.ts';
import { anOutcome, aRun, HOST, id, runId } from '../domain/_build.ts';
import { type clientOf, withClient } from '../playground/slack/_app.ts';
import { silent } from '../store/_redis.ts';
import { ended } from './_card.ts';
import { aPosting, openMarks } from './_posting.ts';

describe('heads in Slack', () => {
  let slack: Slack;
  let client: ReturnType<typeof clientOf>;
  let end: () => Promise<void>;
  beforeEach(async () => {
    ({ slack, client, end } = await withClient());
    slack.addChannel({ id: 'C0AUDIT', members: ['U0DIMG'] });
  });
  afterEach(() => end());

  const run = (n: number, state: 'done' | 'executing' = 'done') =>
    aRun({ id: runId(n), state, endedAt: Date.now(), audit: { n: n * 10, hash: id(`${n}`) } });
  const post = (n: number, state?: 'done' | 'executing') =>
    client.chat.postMessage({ channel: 'C0OPS', text: `#${n}`, metadata: metadataOf(run(n, state)) });
  const read = (channel = 'C0OPS') =>
    openPostedHeads(client, { botId: 'B0DIMG', auditChannel: 'C0AUDIT' }, silent).in(channel);
  const head = (n: number, what = 'the card') => ({ n: n * 10, hash: id(`${n}`), where: `${what} of #${n}` });

  test('are those of final cards, and of nobody else’s messages', async () => {
    await post(1);
    await post(2, 'executing');
    await client.chat.postMessage({ channel: 'C0OPS', text: 'no card' });
    await client.chat.postMessage({
      channel: 'C0OPS',
      text: 'other',
      metadata: { event_type: 'other', event_payload: { run: 3, audit_n: 3, audit_hash: id('3') } },
    });
    expect(await read()).toEqual({ heads: [head(1)] });
    const others = openPostedHeads(client, { botId: 'B0OTHER', auditChannel: undefined }, silent);
    expect(await others.in('C0OPS')).toEqual({ heads: [] });
  });

  test('are read page by page, a thousand messages back and no further', async () => {
    await post(1);
    for (let i = 0; i < 900; i++) slack.say({ channel: 'C0OPS', user: 'U0ANA', text: `${i}` });
    expect(await read()).toEqual({ heads: [head(1)] });
    for (let i = 0; i < 150; i++) slack.say({ channel: 'C0OPS', user: 'U0ANA', text: `${i}` });
    expect(await read()).toEqual({ heads: [], newest: 1000 });
  });

  test.each([
    ['C0NONE', /^Slack does not let dimg read it \(channel_not_found\)$/],
    ['C0RANDOM', /^Slack does not let dimg read it \(not_in_channel\)$/],
  ])('that can’t be read are said to be unread: %s', async (channel, words) => {
    const found = await read(channel);
    expect('unread' in found && plain(found.unread)).toMatch(words);
  });

  test('are unread while Slack is away or busy', async () => {
    slack.fault({ method: 'conversations.history', kind: 'http' });
    expect(await read()).toEqual({ unread: expect.anything() });
    slack.fault({ method: 'conversations.history', kind: 'ratelimited' });
    const busy = await read();
    expect('unread' in busy && plain(busy.unread)).toBe('Slack is busy');
  });

  describe('in the audit channel', () => {
    const marks = openMarks();
    const bot = () => openAuditLine({ ...aPosting(client, marks), auditChannel: 'C0AUDIT' });
    const line = (n: number, state?: 'done' | 'executing') => bot()(run(n, state));
    beforeEach(() => marks.clear());

    test('stand once for each run that is over', async () => {
      await line(5, 'executing');
      await line(5);
      await line(5);
      expect(await read('C0AUDIT')).toEqual({ heads: [head(5, 'the audit channel’s line')] });
      expect(JSON.stringify(slack.messages('C0AUDIT')[0]?.blocks)).toContain(`audit 50 \`${id('5')}\``);
    });

    test('come once after Slack was busy, also where its answer was lost', async () => {
      const fault = (kind: 'ratelimited' | 'drop-after') =>
        slack.fault({ method: 'chat.postMessage', kind, retryAfter: 2 });
      fault('ratelimited');
      expect(await line(6)).toBe(2_000);
      expect(await line(6)).toBe(0);
      marks.clear();
      fault('drop-after');
      expect(await line(7)).toBeGreaterThan(0);
      expect(await line(7)).toBe(0);
      expect(slack.messages('C0AUDIT')).toHaveLength(2);
    });

    test('come once more where hosts tell later what had been unknown, however late and whatever was lost', async () => {
      const told = (outcome: 'unknown' | 'deleted', n: number): Run => ({
        ...{ ...run(10), state: outcome === 'unknown' ? 'unknown' : 'done' },
        hosts: { [HOST]: { ...ended, outcomes: [anOutcome('a', outcome)] } },
        audit: { n, hash: id(`${n}`) },
      });
      expect(await bot()(told('unknown', 100))).toBe(0);
      slack.fault({ method: 'chat.postMessage', kind: 'drop-after' });
      const late = { ...told('deleted', 101), endedAt: Date.now() - 3 * 86_400_000 };
      expect(await bot()(late)).toBeGreaterThan(0);
      expect(await bot()(late)).toBe(0);
      expect(await bot()({ ...late, audit: { n: 102, hash: id('102') } })).toBe(0);
      const lines = slack.messages('C0AUDIT').map(({ blocks }) => JSON.stringify(blocks));
      expect(lines).toEqual([
        expect.stringContaining('#10 unknown'),
        expect.stringMatching(/#10 done .* audit 101/),
      ]);
    });

    test('do not hold up what Slack will never take, and leave what is long over', async () => {
      slack.fault({ method: 'chat.postMessage', kind: 'error', error: 'is_archived' });
      expect(await line(8)).toBe(0);
      const old = { ...run(9), endedAt: Date.now() - 2 * 86_400_000 };
      expect(await bot()(old)).toBe(0);
      expect(slack.messages('C0AUDIT')).toHaveLength(0);
    });
  });
});
