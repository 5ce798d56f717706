import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openOutbox } from '../../../agents/host/outbox.ts';
import { openQueue } from '../../../agents/host/queue.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import { type Redis, startRedis } from '../../../playground/parts/redis.ts';
import { createScope, type Scope } from '../../../playground/parts/scope.ts';
import { key } from '../../../src/domain/protocol.ts';
import { temporaryFolder } from './_folder.ts';
import { jobOf, openIn, outcomeOf } from './_journal.ts';
import { type Bot, HOST, startBot } from './_setup.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

describe.skipIf(skipWithout('reports that Redis may lose', 'redis'))('reports of accepted jobs', () => {
  let scope: Scope;
  let redis: Redis;
  let bot: Bot;
  const open: { close(): Promise<void> }[] = [];
  let runs = 0;
  beforeAll(async () => {
    scope = createScope('outbox');
    redis = await startRedis(scope);
    bot = await startBot(redis);
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  afterAll(async () => {
    await bot?.close();
    await scope?.close();
  });

  /** One start of an agent, whose clock a test may put forward. */
  async function start(folder = temporaryFolder(), job = jobOf(++runs)) {
    const journal = await openIn(folder);
    let passed = 0;
    const monotonic = () => performance.now() + passed;
    const queue = openQueue({
      url: redis.url,
      host: HOST,
      log: silent,
      sleep: (ms) => sleep(ms),
      monotonic,
    });
    const clock = { now: () => 5000, sleep: (ms: number) => sleep(ms) };
    const outbox = openOutbox({ host: HOST, journal, queue, clock, monotonic, log: silent });
    const hurry = new AbortController();
    hurry.abort();
    open.push({ close: () => queue.close(hurry.signal) });
    await journal.accept(job);
    const said = async () => (await bot.said(job.id)).map(({ seq, body }) => [seq, body.kind]);
    return {
      ...{ folder, job, journal, outbox, said },
      unacked: () => [...(journal.job(job.id)?.reports.values() ?? [])].filter(({ acked }) => !acked).length,
      pass: (ms: number) => (passed += ms),
      tell: async () => {
        await outbox.say(job.id, { kind: 'started' });
        await outbox.say(job.id, { kind: 'outcomes', outcomes: job.items.map((item) => outcomeOf(item)) });
      },
    };
  }
  /** What somebody took out of the stream, and never stored. */
  const lose = async (job: string) => {
    for (const [id, fields] of await bot.client.xrange(key.reports, '-', '+'))
      if (fields[1]?.includes(`"${job}"`)) await bot.client.xdel(key.reports, id);
  };
  const reached = async (one: { said(): Promise<unknown[]> }, many: number) =>
    expect.poll(async () => (await one.said()).length, { timeout: 5000 }).toBe(many);

  test('stay in the journal until the bot has stored their effect, and then go for good', async () => {
    const agent = await start();
    await agent.tell();
    await reached(agent, 2);
    await agent.outbox.look();
    expect(agent.unacked()).toBe(2);
    await bot.acknowledge();
    await agent.outbox.look();
    expect(agent.unacked()).toBe(0);
    expect(await bot.client.scard(key.acked(HOST))).toBe(0);
    const again = await start(agent.folder, agent.job);
    await again.outbox.look();
    expect(again.unacked()).toBe(0);
    expect(await again.said()).toEqual([]);
  });

  test('that are still in the stream are not sent again; that are gone from it unacknowledged are, ever more seldom', async () => {
    const agent = await start();
    await agent.tell();
    await agent.outbox.flush(3000);
    agent.pass(20_000);
    await agent.outbox.look();
    expect(await agent.said()).toHaveLength(2);
    await lose(agent.job.id);
    // It was looked at just now.
    await agent.outbox.look();
    expect(await agent.said()).toEqual([]);
    agent.pass(30_000);
    await agent.outbox.look();
    // With what it was about, for a bot that does not know it any more.
    expect(await agent.said()).toEqual([
      [3, 'took'],
      [1, 'started'],
      [2, 'outcomes'],
    ]);
    await lose(agent.job.id);
    agent.pass(40_000);
    await agent.outbox.look();
    expect(await agent.said()).toEqual([]);
    agent.pass(21_000);
    await agent.outbox.look();
    expect(await agent.said()).toHaveLength(3);
    await bot.acknowledge();
  });

  test('that Redis did not take are kept for the next start, with their numbers', async () => {
    const agent = await start();
    await redis.kill();
    await agent.tell();
    await agent.outbox.flush(300);
    await redis.restart();
    const next = await start(agent.folder, agent.job);
    await next.outbox.say(agent.job.id, {
      kind: 'finished',
      tookMs: 1,
      before: null,
      after: null,
      raced: [],
    });
    await next.outbox.flush(3000);
    expect(await next.said()).toEqual([
      [1, 'started'],
      [2, 'outcomes'],
      [3, 'finished'],
    ]);
    await bot.acknowledge();
  });

  test('come through a connection that is cut under them, each at least once', async () => {
    const agent = await start();
    for (let i = 0; i < 20; i++) {
      await agent.outbox.say(agent.job.id, { kind: 'started' });
      if (i % 4 === 0) await bot.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    }
    await agent.outbox.flush(10_000);
    const seqs = new Set((await bot.said(agent.job.id)).map(({ seq }) => seq));
    expect(seqs.size).toBe(20);
    await bot.acknowledge();
  });

  test('are all told again where Redis has forgotten them, what they were about first', async () => {
    const agent = await start();
    await agent.tell();
    await reached(agent, 2);
    await bot.acknowledge();
    await agent.outbox.look();
    await bot.client.flushall();
    agent.outbox.allAgain();
    await reached(agent, 3);
    expect(await agent.said()).toEqual([
      [3, 'took'],
      [1, 'started'],
      [2, 'outcomes'],
    ]);
    const { planDigest, items, cache } = agent.job;
    expect((await bot.said(agent.job.id))[0]?.body).toEqual({ kind: 'took', planDigest, items, cache });
    await bot.acknowledge();
    await agent.outbox.look();
    expect(agent.unacked()).toBe(0);
    // Once more, and it is the same word, not another.
    agent.outbox.allAgain();
    await reached(agent, 3);
    await bot.acknowledge();
  });

  test('are told again though a bot acknowledged them before they could mean anything to it', async () => {
    const agent = await start();
    await agent.tell();
    await reached(agent, 2);
    // Heard before anybody noticed that Redis had forgotten what they are about.
    await bot.acknowledge();
    agent.outbox.allAgain();
    await agent.outbox.look();
    await reached(agent, 3);
    expect(await agent.said()).toEqual([
      [3, 'took'],
      [1, 'started'],
      [2, 'outcomes'],
    ]);
    await bot.acknowledge();
    await agent.outbox.look();
    expect(agent.unacked()).toBe(0);
  });

  test('are not taken for acknowledged by what is no word of theirs', async () => {
    const agent = await start();
    await bot.client.sadd(key.acked(HOST), `${agent.job.id} 99`, 'unknown 1', 'no entry');
    await agent.tell();
    await agent.outbox.look();
    expect(agent.unacked()).toBe(2);
    expect(await bot.client.scard(key.acked(HOST))).toBe(0);
    await bot.acknowledge();
  });
});
