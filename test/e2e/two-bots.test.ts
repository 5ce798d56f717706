import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadImages } from '../../playground/parts/images.ts';
import { deletions, OPS, openStage, type Stage } from './_world.ts';

/** Of one button, by approvers, the requester and somebody who may not; enough that Slack limits how often it is asked. */
const CROWD = 1000;
/** Presses at once on one card, spread by Slack over the connections of both bots. */
const PRESSES = 60;

describe.skipIf(skipWithout('two bots at once', 'redis', 'engines', 'busybox'))('two bots', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage('e2e-two-bots', { hosts: ['host-1'] });
    await stage.startBot();
    expect(stage.slack.connections()).toBe(2);
  });
  afterAll(() => stage.close());

  const dangling = (name: string) => ({ tags: [], layers: [{ name, bytes: 10_000 }] });

  test('carry out one card once, however many press at once, and tell each of the others', async () => {
    await loadImages(stage.docker(), { one: dangling('one'), two: dangling('two') });
    const card = await stage.ana.asks('/dimg prune host-1');
    const people = [stage.ana.id, stage.bo.id, stage.cy.id];
    const before = stage.slack.ephemerals().length;
    const presses = await Promise.all(
      Array.from({ length: PRESSES }, (_, i) =>
        stage.slack.press({ user: people[i % 3] ?? '', channel: OPS, ts: card.ts, label: 'Delete' }),
      ),
    );
    expect(presses.filter(({ error }) => error !== undefined)).toEqual([]);
    const end = await card.ends();
    expect(end.text).toContain('done · prune host-1 · deleted 2 of 2, 20 kB');
    const told = () => stage.slack.ephemerals().slice(before);
    await stage.slack.waitFor(() => told().length >= PRESSES - 1, 15_000, 'an answer to every other press');
    expect(told()).toHaveLength(PRESSES - 1);
    expect(deletions(stage.witness())).toHaveLength(2);
    const history = await stage.ana.history();
    expect(history.filter((line) => line.includes('confirmed'))).toHaveLength(1);
    expect(history.filter((line) => line.includes(' deleted `'))).toHaveLength(2);
  });

  test('post each card once and leave none behind', async () => {
    const asked = ['prune host-1', 'prune host-1 -a', 'rmi host-1 nothing:1', 'prune host-1 --dry-run'];
    const number = (text: string) => Number(/^#(\d+) /.exec(text)?.[1] ?? 0);
    const cards = () =>
      stage.slack.messages(OPS).filter(({ text }) => number(text) > 0 && !text.includes('audit'));
    const before = new Set(cards().map(({ ts }) => ts));
    await Promise.all(Array.from({ length: 20 }, (_, i) => stage.bo.types(`/dimg ${asked[i % 4]}`)));
    const fresh = () => cards().filter(({ ts }) => !before.has(ts));
    await stage.slack.waitFor(
      () => fresh().length >= 20 && fresh().every(({ text }) => /^#\d+ (empty|refused) · /.test(text)),
      25_000,
      'twenty cards at their end',
    );
    expect(new Set(fresh().map(({ text }) => number(text))).size).toBe(20);
    expect(fresh()).toHaveLength(20);
  });
});

describe.skipIf(skipWithout('a thousand presses', 'redis', 'engines'))('two bots that Slack limits', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage('e2e-crowd', {
      hosts: ['host-1'],
      botConfig: 'approval:\n  approvers: [S0SRE, U0CY]\n',
      slack: { rateLimits: true },
    });
    await stage.startBot();
    stage.slack.addUser({ id: 'U0DEE', name: 'dee' });
    stage.slack.join(OPS, 'U0DEE');
  });
  afterAll(() => stage.close());

  test('take one of a thousand presses at once, and tell each of the others in time', async () => {
    const { slack } = stage;
    const layers = [{ name: 'app', bytes: 50_000 }];
    await loadImages(stage.docker(), { app: { tags: ['app:1'], layers } });
    const card = await stage.ana.asks('/dimg rmi host-1 app:1 -f');
    const people = [stage.bo.id, stage.cy.id, stage.ana.id, 'U0DEE'];
    const before = slack.ephemerals().length;
    const presses = await Promise.all(
      Array.from({ length: CROWD }, (_, i) =>
        slack.press({ user: people[i % 4] ?? '', channel: OPS, ts: card.ts, label: 'Approve' }),
      ),
    );
    // Slack gives up after 3 s.
    expect(presses.filter(({ ackMs = Infinity }) => ackMs >= 3000)).toEqual([]);
    const end = await card.ends();
    expect(end.text).toContain(' done · rmi host-1 · deleted 1 of 1, 50 kB');

    const told = () => slack.ephemerals().slice(before);
    await slack.waitFor(() => told().length >= CROWD - 1, 15_000, 'an answer to every other press');
    // Who comes after the one that counts is told that, whoever it is.
    const reasons = /somebody else must approve|You are not an approver|already started|is over: done/;
    expect(told().filter(({ text }) => !reasons.test(text))).toEqual([]);
    expect(told()).toHaveLength(CROWD - 1);
    expect(deletions(stage.witness())).toHaveLength(1);
    const history = await stage.ana.history();
    expect(history.filter((line) => line.includes('approved'))).toHaveLength(1);
    expect(history.filter((line) => line.includes(' deleted `'))).toHaveLength(1);
  });
});
