import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Slack } from '../../playground/slack/index.ts';
import { plain } from '../../src/domain/markup.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run } from '../../src/domain/run.ts';
import { metadataOf, readMetadata, readStored } from '../../src/slack/metadata.ts';
import { openPostedCards } from '../../src/slack/posted-cards.ts';
import { anItem, anOutcome, aPart, aPlan, aRun, HOST, id, runId } from '../domain/_build.ts';
import { type clientOf, errorOf, withClient } from '../playground/slack/_app.ts';
import { silent } from '../store/_redis.ts';

/** Done, with so many images. */
const done = (images: number): Run => {
  const names = Array.from({ length: images }, (_, i) => `image ${i}`);
  const plan = summarise(aPlan(names.map((name) => anItem(name))));
  const outcomes = names.map((name) => anOutcome(name, 'deleted', { removed: [`app:${name.slice(6)}`] }));
  return aRun({
    ...{ rev: 7, state: 'done', endedAt: 1, audit: { n: 840, hash: id('840') } },
    hosts: { [HOST]: aPart({ stage: 'ended', sent: 'execute', plan, outcomes }) },
  });
};

describe('what a card carries of its run', () => {
  const carried = (run: Run) => {
    const payload = readMetadata({ metadata: metadataOf(run) });
    return payload && readStored(payload);
  };

  test.each([0, 1, 50])('is all of it with %i images', (images) => {
    expect(carried(done(images))).toEqual({ run: done(images), short: false });
  });

  test.each([500, 10_000])('is what Slack takes of it with %i images', (images) => {
    const run = done(images);
    expect(JSON.stringify(metadataOf(run)).length).toBeLessThan(8_000);
    const found = carried(run);
    expect(found?.short).toBe(true);
    expect(found?.run).toEqual({ ...run, hosts: { [HOST]: { ...run.hosts[HOST], outcomes: [] } } });
  });

  test('is its number and head alone where even that is too much', () => {
    const hosts = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, i) => [
        `host-${i}`,
        aPart({ epoch: id(`epoch ${i}`), stage: 'ended', plan: summarise(aPlan([anItem(`${i}`)])) }),
      ]),
    );
    const { event_payload } = metadataOf({ ...done(0), hosts } as Run);
    expect(event_payload).toEqual({ run: 1042, rev: 7, audit_n: 840, audit_hash: id('840') });
  });

  test.each([
    ['nothing', undefined],
    ['no base64', '%%%'],
    ['another run', metadataOf({ ...done(1), id: runId(7) }).event_payload.stored],
    ['a bomb', Buffer.from('x'.repeat(9)).toString('base64')],
  ])('is nothing where it is %s', (_, stored) => {
    expect(readStored({ run: 1042, ...(stored !== undefined && { stored: String(stored) }) })).toBeNull();
  });
});

describe('our cards in Slack', () => {
  let slack: Slack;
  let client: ReturnType<typeof clientOf>;
  let end: () => Promise<void>;
  beforeEach(async () => {
    ({ slack, client, end } = await withClient());
  });
  afterEach(() => end());
  const posted = () => openPostedCards(client, 'B0DIMG', silent);

  test('are looked for where the bot is, in public and private channels', async () => {
    slack.addChannel({ id: 'C0PRIV', is_private: true, members: ['U0DIMG'] });
    slack.addChannel({ id: 'C0OLD', is_archived: true, members: ['U0DIMG'] });
    for (let i = 0; i < 90; i++) slack.addChannel({ id: `C0MORE${i}`, members: ['U0DIMG'] });
    const { channels, unread } = await posted().channels();
    expect(unread).toBeUndefined();
    expect(channels.slice(0, 2)).toEqual(['C0OPS', 'C0PRIV']);
    expect(channels).toHaveLength(92);
    for (let i = 0; i < 300; i++) slack.addChannel({ id: `C0MANY${i}`, members: ['U0DIMG'] });
    const many = await posted().channels();
    expect([many.channels.length, many.unread && plain(many.unread)]).toEqual([
      100,
      'more than 100 channels',
    ]);
  });

  test('come with what they carry; those of others, and what is no card, do not', async () => {
    const run = done(2);
    await client.chat.postMessage({ channel: 'C0OPS', text: 'words' });
    await client.chat.postMessage({
      channel: 'C0OPS',
      text: '#7 executing · prune host-3 · 1 of 2',
      metadata: { event_type: 'dimg_run', event_payload: { run: 7 } },
    });
    await client.chat.postMessage({ channel: 'C0OPS', text: '#1042 done · x', metadata: metadataOf(run) });
    expect(await posted().in('C0OPS')).toEqual({
      cards: [
        {
          ...{ number: 1042, channel: 'C0OPS', state: 'done', remembered: { run, short: false } },
          head: { n: 840, hash: id('840') },
        },
        { number: 7, channel: 'C0OPS', state: 'executing', remembered: null, head: null },
      ],
    });
    expect(await openPostedCards(client, 'B0OTHER', silent).in('C0OPS')).toEqual({ cards: [] });
  });

  test('that Slack does not let us read are said to be unread; while it is away nothing is said', async () => {
    const found = await posted().in('C0RANDOM');
    expect('unread' in found && plain(found.unread)).toMatch(/not let dimg read it \(not_in_channel\)/);
    const fault = slack.fault({
      method: 'users.conversations',
      kind: 'error',
      error: 'missing_scope',
      times: 1,
    });
    const { channels, unread } = await posted().channels();
    fault.stop();
    expect([channels, unread && plain(unread)]).toEqual([
      [],
      'Slack does not let dimg read it (missing_scope)',
    ]);
    slack.outage(true);
    await expect(posted().in('C0OPS')).rejects.toThrow();
    await expect(posted().channels()).rejects.toThrow();
    slack.outage(false);
  });

  test('are read as fast as Slack wants', async () => {
    slack.fault({ method: 'conversations.history', kind: 'ratelimited', retryAfter: 1, times: 1 });
    const since = Date.now();
    expect(await posted().in('C0OPS')).toEqual({ cards: [] });
    expect(Date.now() - since).toBeGreaterThanOrEqual(1_000);
  });
});

test('the stand-in gives channels of kinds that exist alone', async () => {
  const { client, end } = await withClient();
  expect(await errorOf(client.users.conversations({ types: 'public' }))).toBe('invalid_arguments');
  expect((await client.users.conversations({})).channels?.map(({ id }) => id)).toEqual(['C0OPS']);
  await end();
});
