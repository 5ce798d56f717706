import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { Slack } from '../../playground/slack/index.ts';
import { plain, say } from '../../src/domain/markup.ts';
import { planDigest } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import { openVerify } from '../../src/domain/verify.ts';
import { verdictWords } from '../../src/domain/verify-words.ts';
import { report } from '../../src/flows/report.ts';
import { stray } from '../../src/flows/stray.ts';
import { sweep } from '../../src/flows/sweep.ts';
import type { Hold, PostedCards } from '../../src/ports.ts';
import { openLists } from '../../src/slack/lists.ts';
import { ANA, anItem, anOutcome, aPart, aPlan, HOST, runId } from '../domain/_build.ts';
import { type clientOf, withClient } from '../playground/slack/_app.ts';
import { aPosting } from '../slack/_posting.ts';
import { ownRedis } from '../store/_redis.ts';
import { beats, filesOf, type RecallingBot, recallingBot } from './_recall.ts';

const items = [anItem('a'), anItem('b')];
const plan = aPlan(items, { digest: planDigest(HOST, items, []) });
const waiting = { [HOST]: aPart({ stage: 'waiting', sent: 'plan' }) };

describe.skipIf(skipWithout('a Redis that forgets', 'redis'))('a Redis that forgets', () => {
  const own = ownRedis('flows-recall');
  let slack: Slack;
  let client: ReturnType<typeof clientOf>;
  let end: () => Promise<void>;
  let dir: string;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'dimg-recall-'));
    ({ slack, client, end } = await withClient());
    await own.redis.flushall();
  });
  afterEach(async () => {
    await end();
    rmSync(dir, { recursive: true, force: true });
  });

  const bot = async (more: Partial<Parameters<typeof recallingBot>[0]> = {}) => {
    const made = await recallingBot({ redis: own.redis, client, ...more });
    await made.whole();
    return made;
  };
  const proposes = async (by: RecallingBot) => {
    const run = await by.asks({ hosts: waiting });
    await by.deps.runs.savePlan(run.id, plan);
    const event = { type: 'planned', at: Date.now(), host: HOST, plan: summarise(plan) } as const;
    const proposed = await by.goes(run.id, event);
    await by.shows(proposed);
    return proposed;
  };
  const executes = async (by: RecallingBot) => {
    const { id } = await proposes(by);
    await by.goes(id, { type: 'confirm', at: Date.now(), by: ANA });
    const going = await by.goes(id, { type: 'sent', at: Date.now(), hosts: [HOST], job: 'execute' });
    await by.shows(going);
    return going;
  };
  const outcomes = (names: string[]) =>
    ({
      type: 'outcomes',
      at: Date.now(),
      host: HOST,
      outcomes: names.map((name) => anOutcome(name)),
    }) as const;
  const done = async (by: RecallingBot) => {
    const { id } = await executes(by);
    await by.goes(id, outcomes(['a', 'b']));
    const over = await by.goes(id, {
      ...{ type: 'finished', at: Date.now(), host: HOST },
      report: { tookMs: 1, before: null, after: null, raced: [] },
    });
    await by.shows(over);
    return over;
  };
  const tells = (by: RecallingBot, run: number, seq: number, body: object) =>
    report(by.deps, {
      ...{ v: 1, host: HOST, epoch: 'epoch-1', job: `execute-${run}-${HOST}`, seq },
      body: body as never,
    });
  const verdict = async (by: RecallingBot) => {
    const look = openVerify();
    for (const entry of await by.entries()) look.take(JSON.stringify(entry));
    const head = await own.redis.hgetall('{dimg}:audit:head');
    return look.end({ n: Number(head.n), hash: head.hash ?? '' });
  };

  test('is whole at once where there was nothing before', async () => {
    // Hosts are not waited for.
    const first = await bot({ hostsMs: 300_000 });
    expect(first.recall.isOpen()).toBe(true);
    expect((await first.asks()).id).toBe(1);
    expect(first.told).toEqual([]);
  });

  test('gives no number, stores nothing and hides no run until it is put back', async () => {
    const one = await bot();
    const run = await proposes(one);
    await own.redis.flushall();
    const words = /putting back what is known, and nothing was started/;
    await expect(one.runs.reserve()).rejects.toThrow(words);
    await expect(one.runs.load(run.id)).rejects.toThrow(words);
    await expect(one.runs.commit(run, { ...run, state: 'denied' }, [])).rejects.toThrow(words);
    await expect(
      one.runs.create(
        'd',
        (id) => ({ ...run, id }),
        () => [],
        'r',
      ),
    ).rejects.toThrow(words);
    expect(await own.redis.keys('{dimg}:run*')).toEqual([]);
    await one.notices();
    expect((await one.asks()).id).toBe(run.id + 1);
  });

  test('while idle loses nothing that a card has, and the audit says what is gone', async () => {
    const one = await bot();
    const over = await done(one);
    await own.redis.flushall();
    await one.notices();
    expect(await one.runs.load(over.id)).toEqual(over);
    const [entry, ...more] = await one.entries();
    expect(more).toEqual([]);
    expect(entry).toMatchObject({ kind: 'lost', n: (over.audit?.n ?? 0) + 1, from: 1, run: over.id });
    expect(entry?.vouched).toEqual([`the card of #${over.id}`, 'a bot']);
    const found = await verdict(one);
    expect(found.findings).toMatchObject([{ kind: 'lost', n: 1, to: over.audit?.n }]);
    expect(plain(verdictWords(found))).toMatch(
      /^1 entry, whole up to \d+ but for what Redis lost \(1 to \d+\)/,
    );
    expect(one.told).toHaveLength(1);
    expect(one.told[0]?.lines.join('\n')).toMatch(/Entries 1 to \d+ of the audit are lost/);
  });

  test('has the card of a run that was over written again where it is older, and no other', async () => {
    const one = await bot();
    const shown = await done(one);
    const going = await executes(one);
    await one.goes(going.id, outcomes(['a', 'b']));
    const over = await one.goes(going.id, {
      ...{ type: 'finished', at: Date.now(), host: HOST },
      report: { tookMs: 1, before: null, after: null, raced: [] },
    });
    // Its card still says that it is being carried out.
    await own.redis.flushall();
    await one.notices();
    expect(await one.runs.load(shown.id)).toEqual(shown);
    expect(await one.runs.load(over.id)).toEqual(over);
    expect(await one.deps.cards.waiting()).toEqual([over.id]);
  });

  test('twice in a row is put back twice, and told twice', async () => {
    const one = await bot();
    const over = await done(one);
    for (let i = 0; i < 2; i++) {
      await own.redis.flushall();
      await one.notices();
    }
    expect(await one.runs.load(over.id)).toEqual(over);
    const [entry] = await one.entries();
    expect(entry).toMatchObject({ n: (over.audit?.n ?? 0) + 2, kind: 'lost', from: 1 });
    expect((await verdict(one)).total).toBe(1);
    expect(one.told).toHaveLength(2);
  });

  test.each([
    ['that remembers', async (one: RecallingBot) => one],
    ['that was started since and has only the cards', async () => bot({})],
  ])('ends what was planned or proposed, by a bot %s', async (_, next) => {
    const one = await bot();
    const planning = await one.asks({ hosts: waiting });
    await one.shows(planning);
    const proposed = await proposes(one);
    await own.redis.flushall();
    const two = await next(one);
    await two.notices();
    expect((await two.runs.load(planning.id))?.state).toBe('refused');
    const expired = await two.runs.load(proposed.id);
    expect(expired).toMatchObject({ state: 'expired', recalled: { from: 'proposed' } });
    // Both cards are written again, and buttons that somebody still sees do nothing.
    expect(await two.deps.cards.waiting()).toEqual([planning.id, proposed.id]);
    const press = { type: 'confirm', at: Date.now(), by: ANA } as const;
    expect(step(expired ?? proposed, press).state).toBe('expired');
    expect(two.jobs).toEqual([]);
    expect(two.told.at(-1)?.lines.join('\n')).toMatch(/was being planned.*\n.*waited for a decision/);
    expect(await two.runs.reserve()).toBe(proposed.id + 1);
  });

  test('in mid-batch goes on by what the host tells, and counts nothing twice', async () => {
    const one = await bot();
    const going = await executes(one);
    await one.shows(await one.goes(going.id, outcomes(['a'])));
    await own.redis.flushall();
    const two = await bot();
    expect(await two.runs.load(going.id)).toMatchObject({
      state: 'executing',
      recalled: { from: 'executing' },
    });
    await own.redis.zadd('{dimg}:due', 1, String(going.id));
    await sweep(two.deps);
    expect((await two.runs.load(going.id))?.state).toBe('executing');
    // What is not what was decided on is kept by nobody.
    const others = [anItem('c')];
    const otherwise = { kind: 'took', items: others, cache: [] };
    await tells(two, going.id, 7, { ...otherwise, planDigest: plan.digest });
    await tells(two, going.id, 8, { ...otherwise, planDigest: planDigest(HOST, others, []) });
    expect((await two.runs.load(going.id))?.hosts[HOST]?.stage).toBe('planned');
    await tells(two, going.id, 9, { kind: 'took', planDigest: plan.digest, items, cache: [] });
    await tells(two, going.id, 2, { kind: 'outcomes', outcomes: [anOutcome('a')] });
    await tells(two, going.id, 3, { kind: 'outcomes', outcomes: [anOutcome('a'), anOutcome('b')] });
    await tells(two, going.id, 4, { kind: 'finished', tookMs: 1, before: null, after: null, raced: [] });
    const over = await two.runs.load(going.id);
    expect(over?.state).toBe('done');
    expect(over?.hosts[HOST]?.outcomes).toHaveLength(2);
    expect((await two.runs.plans(over ?? going)).get(HOST)?.items).toEqual(items);
    expect(two.jobs).toEqual([]);
    expect((await two.entries()).map(({ kind }) => kind)).toEqual(['lost', 'recalled', 'outcome', 'ended']);
  });

  test('in mid-batch gets its list of outcomes below its card, and the list of its plan not again', async () => {
    const one = await bot();
    const going = await executes(one);
    await one.shows(going);
    const put = (by: RecallingBot) => openLists(aPosting(client, by.deps.cards));
    const [{ ts } = { ts: '' }] = slack.messages('C0OPS');
    const card = { channel: 'C0OPS', ts };
    const planList = () => [say`what goes`];
    expect(await put(one)(going, card, { planList, outcomeList: null })).toBe(0);
    await own.redis.flushall();
    const two = await bot();
    const found = (await two.runs.load(going.id)) ?? going;
    expect(await put(two)(found, card, { planList, outcomeList: () => [say`how it ended`] })).toBe(0);
    expect(slack.thread('C0OPS', ts).slice(1)).toMatchObject([
      { text: 'what goes' },
      { text: 'how it ended' },
    ]);
  });

  test('is asked for at hosts whose plan is known, by a job too late to begin; who never had it says so', async () => {
    const one = await bot();
    const going = await executes(one);
    await one.runs.savePlan(going.id, plan);
    await own.redis.flushall();
    await one.notices();
    const put = (await one.runs.load(going.id)) ?? going;
    // The plan is there again, as far as a bot has it at hand.
    expect(await own.redis.hlen(`{dimg}:run:${going.id}:plans`)).toBe(1);
    const look = async () => {
      await own.redis.zadd('{dimg}:due', 1, String(going.id));
      await sweep(one.deps);
      return one.jobs.splice(0);
    };
    const [job, ...more] = await look();
    expect(more).toEqual([]);
    expect(job).toMatchObject({ id: `execute-${going.id}-${HOST}`, planDigest: plan.digest });
    expect(job?.notAfter).toBe(put.recalled?.at);
    expect(await look()).toEqual([]);
    await tells(one, going.id, 1, { kind: 'refused', why: { kind: 'expired' } });
    const over = await one.runs.load(going.id);
    expect(over?.state).toBe('failed');
    expect(over?.hosts[HOST]?.outcomes.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
  });

  test('of which no host tells anything ends as unknown after a minute, and says why', async () => {
    const one = await bot();
    const going = await executes(one);
    await own.redis.flushall();
    const two = await bot();
    const later = { ...two.deps, clock: () => Date.now() + 61_000 };
    await own.redis.zadd('{dimg}:due', 1, String(going.id));
    await sweep(later);
    const over = await two.runs.load(going.id);
    expect(over?.state).toBe('unknown');
    expect(over?.hosts[HOST]?.trouble).toEqual({ kind: 'forgotten' });
  });

  test('is put back by one bot of two, also while both give out numbers', async () => {
    const [one, two] = [await bot(), await bot({ redis: await own.another() })];
    await done(one);
    const second = await two.asks();
    await two.shows(second);
    await own.redis.flushall();
    await Promise.all([one.notices(), two.notices()]);
    await Promise.all([one.whole(), two.whole()]);
    expect((await one.entries()).filter(({ kind }) => kind === 'lost')).toHaveLength(1);
    expect([...one.told, ...two.told]).toHaveLength(1);
    const numbers = await Promise.all([one, two, one, two].map((by) => by.runs.reserve()));
    expect(numbers.sort()).toEqual([1, 2, 3, 4].map((n) => second.id + n));
  });

  test('gets whole entries back from the mirror, and the run as they have it', async () => {
    const mirror = join(dir, 'audit.jsonl');
    const one = await bot({ mirror });
    const going = await executes(one);
    // The card is behind what was stored and mirrored.
    await one.goes(going.id, outcomes(['a']));
    await one.mirror?.sync();
    const before = await one.entries();
    await own.redis.flushall();
    const two = await bot({ mirror });
    const after = await two.entries();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.map(({ kind }) => kind)).not.toContain('lost');
    expect((await verdict(two)).total).toBe(0);
    expect((await two.runs.load(going.id))?.hosts[HOST]?.outcomes).toHaveLength(1);
    expect(two.told.map(({ channel }) => channel)).toEqual(['C0OPS']);
  });

  test.each([2, 400])('has the card written on which a run of %i items has not ended yet', async (size) => {
    const mirror = join(dir, 'audit.jsonl');
    const one = await bot({ mirror });
    const names = Array.from({ length: size }, (_, i) => `item ${i}`);
    const { id } = await executes(one);
    const report = { tookMs: 1, before: null, after: null, raced: [] };
    const finished = { type: 'finished', at: Date.now(), host: HOST, report } as const;
    // Beyond some hundred outcomes a card carries none of them.
    await one.shows(await one.goes(id, outcomes(names.slice(1))));
    await one.goes(id, outcomes(names.slice(0, 1)));
    const over = await one.goes(id, finished);
    await one.mirror?.sync();
    await own.redis.flushall();
    const two = await bot({ mirror });
    expect(over.state).toBe('done');
    const found = await two.runs.load(id);
    expect(found?.state).toBe('done');
    expect(found?.hosts[HOST]?.outcomes).toHaveLength(size);
    expect(await two.deps.cards.waiting()).toEqual([id]);
  });

  test('is known by hosts alone where Slack shows nothing: the number goes on, and what they tell goes down once', async () => {
    const one = await bot();
    const run = await executes(one);
    const { audit } = run;
    for (const { ts } of slack.messages('C0OPS')) await client.chat.delete({ channel: 'C0OPS', ts });
    await own.redis.flushall();
    await beats(own.redis, HOST, { run: run.id, audit: { ...audit, at: 1 } });
    const two = await bot();
    expect(await two.runs.reserve()).toBe(run.id + 1);
    expect((await two.entries())[0]).toMatchObject({ kind: 'lost', vouched: [HOST] });
    const log = { info() {}, warn() {}, error() {} };
    const deps = {
      ...two.deps,
      stray: (run: never, told: never) => stray({ keeping: two.keeping, clock: Date.now, log }, run, told),
    };
    const saying = { ...two, deps } as RecallingBot;
    for (let i = 0; i < 2; i++) {
      await tells(saying, run.id, 9, { kind: 'took', planDigest: plan.digest, items, cache: [] });
      await tells(saying, run.id, 2, { kind: 'outcomes', outcomes: [anOutcome('a')] });
    }
    expect((await two.entries()).map(({ kind }) => kind)).toEqual(['lost', 'recalled', 'outcome']);
    expect(await two.runs.load(run.id)).toBeNull();
    expect(two.jobs).toEqual([]);
  });

  test('waits for a Slack that is away, and goes on once it is back', async () => {
    const one = await bot();
    const run = await proposes(one);
    await own.redis.flushall();
    const said: string[] = [];
    const log = { info() {}, warn() {}, error: (msg: string) => void said.push(msg) };
    slack.fault({ method: 'conversations.history', kind: 'error', error: 'internal_error', times: 1 });
    const two = await recallingBot({ redis: own.redis, client, log });
    await two.notices();
    expect(two.recall.isOpen()).toBe(false);
    expect(said).toContain('what Redis lost can’t be put back yet');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await two.whole();
    expect((await two.runs.load(run.id))?.state).toBe('expired');
  });

  test('of a stranger’s claim beyond all counting takes no notice', async () => {
    const one = await bot();
    await done(one);
    await beats(own.redis, 'host-9', { run: Number.MAX_SAFE_INTEGER, audit: null });
    await one.notices();
    expect(one.recall.isOpen()).toBe(true);
    expect(await one.runs.reserve()).toBe(2);
  });

  test.each([
    ['by what a bot remembers', async (one: RecallingBot) => one],
    [
      'by what a host tells',
      async (one: RecallingBot) => {
        const [entry] = (await one.entries()).slice(-1);
        await beats(own.redis, HOST, { run: 1, audit: { n: entry?.n, hash: entry?.hash, at: 1 } });
        return bot();
      },
    ],
  ])('under way is noticed %s', async (_, next) => {
    const one = await bot();
    const over = await done(one);
    const two = await next(one);
    const entries = await two.entries();
    const [last, before] = entries.slice(-2).reverse();
    await own.redis.xdel('{dimg}:audit', `${last?.n}-0`);
    await own.redis.xsetid('{dimg}:audit', `${before?.n}-0`);
    await own.redis.hset('{dimg}:audit:head', { n: before?.n ?? 0, hash: before?.hash ?? '' });
    await two.notices();
    expect((await two.entries()).at(-1)).toMatchObject({ kind: 'lost', from: last?.n });
    expect((await verdict(two)).findings).toMatchObject([{ kind: 'lost', n: last?.n }]);
    expect(await two.runs.load(over.id)).toMatchObject({ state: 'done' });
  });

  test('that was set back to an older copy starts nothing that was done since', async () => {
    const one = await bot();
    const proposed = await proposes(one);
    const [, place = ''] = (await own.redis.config('GET', 'dir')) as string[];
    const files = filesOf(place, join(dir, 'copy'));
    await own.server.stop();
    files.save();
    await own.server.restart();
    await reconnected();
    await one.whole();
    const { id: run } = proposed;
    await one.goes(run, { type: 'confirm', at: Date.now(), by: ANA });
    await one.goes(run, { type: 'sent', at: Date.now(), hosts: [HOST], job: 'execute' });
    await one.goes(run, outcomes(['a', 'b']));
    const over = await one.goes(run, {
      ...{ type: 'finished', at: Date.now(), host: HOST },
      report: { tookMs: 1, before: null, after: null, raced: [] },
    });
    await one.shows(over);
    const later = await one.asks();
    await one.shows(later);
    await own.server.stop();
    files.restore();
    await own.server.restart();
    await reconnected();

    const two = await recallingBot({ redis: own.redis, client });
    // Before anybody has looked it is not whole, since it is another process.
    await expect(two.runs.reserve()).rejects.toThrow(/putting back/);
    await expect(two.goes(run, { type: 'confirm', at: Date.now(), by: ANA })).rejects.toThrow(/putting back/);
    await two.whole();
    expect(await two.runs.load(run)).toMatchObject({ state: 'done', recalled: { from: 'done' } });
    expect(await two.runs.reserve()).toBe(later.id + 1);
    expect(two.jobs).toEqual([]);
    expect((await verdict(two)).findings.map(({ kind }) => kind)).toEqual(['lost']);
  });

  test('that was set back to before a job was handed out knows that it was, though the audit has no word of it', async () => {
    const one = await bot();
    const { id } = await proposes(one);
    const confirmed = await one.goes(id, { type: 'confirm', at: Date.now(), by: ANA });
    const [key, stored] = [`{dimg}:run:${id}`, await own.redis.hgetall(`{dimg}:run:${id}`)];
    await one.goes(id, { type: 'sent', at: Date.now(), hosts: [HOST], job: 'sending' });
    await own.redis.hset(key, stored);
    await own.redis.set('{dimg}:whole', 'another process');
    await one.notices();
    const found = await one.runs.load(id);
    expect(found?.rev).toBeGreaterThan(confirmed.rev + 1);
    expect(found?.hosts[HOST]?.sent).toBe('execute');
  });

  test.each([
    [
      'emptied',
      async () => {
        await own.redis.flushall();
        // Its host was heard since, so that it is not waited for.
        await own.redis.zadd('{dimg}:seen', Date.now(), HOST);
      },
    ],
    [
      'set back',
      async (key: string, stored: object) => {
        await own.redis.hset(key, stored);
        await own.redis.set('{dimg}:whole', 'another process');
      },
    ],
  ])(
    'that was %s has what another bot remembers, also where one is first that was just started',
    async (_, loses) => {
      const one = await bot();
      const { id } = await proposes(one);
      await one.goes(id, { type: 'confirm', at: Date.now(), by: ANA });
      const stored = await own.redis.hgetall(`{dimg}:run:${id}`);
      await one.goes(id, { type: 'sent', at: Date.now(), hosts: [HOST], job: 'sending' });
      // Its card was not written since, and this number has none.
      expect(await one.runs.reserve()).toBe(id + 1);
      await loses(`{dimg}:run:${id}`, stored);
      const two = await recallingBot({ redis: await own.another(), client });
      const first = two.notices();
      while ((await own.redis.exists('{dimg}:recall')) === 0) await new Promise(setImmediate);
      await Promise.all([first, one.notices()]);
      expect(await two.runs.load(id)).toMatchObject({
        state: 'executing',
        hosts: { [HOST]: { sent: 'execute' } },
      });
      expect(two.recall.isOpen()).toBe(true);
      expect(await two.runs.reserve()).toBe(id + 2);
    },
  );

  test('that was emptied has a number that only another bot remembers, which tells while Slack is read', async () => {
    const one = await bot();
    const number = await one.runs.reserve();
    await own.redis.flushall();
    const posted: PostedCards = {
      async channels() {
        await one.notices();
        return { channels: [] };
      },
      in: async () => ({ cards: [] }),
    };
    const two = await recallingBot({ redis: await own.another(), client, posted });
    await two.notices();
    expect(await two.runs.reserve()).toBe(number + 1);
  });

  test('that was set back a moment ago acknowledges no report that it has no run for', async () => {
    const one = await bot();
    const { id } = await proposes(one);
    const stored = await own.redis.hgetall(`{dimg}:run:${id}`);
    await one.goes(id, { type: 'confirm', at: Date.now(), by: ANA });
    await one.goes(id, { type: 'sent', at: Date.now(), hosts: [HOST], job: 'execute' });
    await one.goes(id, outcomes(['a', 'b']));
    await own.redis.hset(`{dimg}:run:${id}`, stored);
    await own.redis.set('{dimg}:whole', 'another process');
    const last = { kind: 'finished', tookMs: 1, before: null, after: null, raced: [] };
    // Nobody has noticed yet: what is stored waits for a decision, and the word means nothing to it.
    await expect(tells(one, id, 3, last)).rejects.toThrow(/putting back/);
    await one.notices();
    expect(await tells(one, id, 3, last)).toBe('settled');
    expect((await one.runs.load(id))?.state).toBe('done');
  });

  test('is put back to the end also where the bot that began with it died', async () => {
    const one = await bot();
    const over = await done(one);
    const head = await own.redis.hgetall('{dimg}:audit:head');
    await own.redis.flushall();
    // So far it had come.
    await own.redis.set('{dimg}:runs:number', String(over.id));
    await own.redis.hset('{dimg}:audit:head', head);
    await one.notices();
    expect(await one.runs.load(over.id)).toEqual(over);
  });

  test('leaves a run alone that a newer version has written, and says so', async () => {
    const one = await bot();
    const [old, newer] = [await done(one), await done(one)];
    const stored = `{dimg}:run:${newer.id}`;
    const json = JSON.stringify({ ...newer, state: 'of tomorrow' });
    await own.redis.hset(stored, { json, rev: newer.rev - 1 });
    await own.redis.del(`{dimg}:run:${old.id}`, '{dimg}:whole');
    const said: unknown[] = [];
    const log = { info() {}, error() {}, warn: (...words: unknown[]) => void said.push(words) };
    const two = await bot({ log });
    expect(two.recall.isOpen()).toBe(true);
    expect(await two.runs.load(old.id)).toEqual(old);
    expect(await own.redis.hget(stored, 'json')).toBe(json);
    expect(said).toContainEqual([expect.stringContaining('newer dimg'), { run: newer.id }]);
    expect(two.told.at(-1)?.lines.join()).not.toContain('Not put back');
  });

  test.each(['with a mirror', 'with a mirror that is behind', 'without one'])(
    '%s is put back as well by the next attempt where one is broken off anywhere',
    async (kind) => {
      const file = kind === 'without one' ? {} : { mirror: join(dir, 'audit.jsonl') };
      const one = await bot(file);
      const report = { tookMs: 1, before: null, after: null, raced: [] };
      const ends = async (id: Run['id']) => {
        await one.goes(id, { type: 'confirm', at: Date.now(), by: ANA });
        await one.goes(id, { type: 'sent', at: Date.now(), hosts: [HOST], job: 'execute' });
        await one.goes(id, outcomes(['a', 'b']));
        await one.goes(id, { type: 'finished', at: Date.now(), host: HOST, report });
      };
      const hidden = await one.asks({ hosts: waiting });
      await one.runs.savePlan(hidden.id, plan);
      await one.goes(hidden.id, { type: 'planned', at: Date.now(), host: HOST, plan: summarise(plan) });
      await ends(hidden.id);
      await done(one);
      await executes(one);
      await ends((await proposes(one)).id);
      await one.mirror?.sync();
      if (kind !== 'with a mirror') await one.shows(await done(one));
      await proposes(one);
      if (kind === 'with a mirror') await one.mirror?.sync();

      const quick = { redis: own.redis, client, ...file, hostsMs: 0, botsMs: 0 };
      /** After so many words with Redis its bot dies. */
      const brokenOff = async (after: number) => {
        await own.redis.flushall();
        let words = 0;
        const dying = async (word: () => unknown) => {
          if (words++ >= after) throw new Error('its bot died');
          return word();
        };
        const hold = (made: Hold): Hold => {
          const methods = Object.entries<(...args: never[]) => unknown>({ ...made }).map(([name, word]) => [
            name,
            (...args: never[]) => (name === 'release' ? word(...args) : dying(() => word(...args))),
          ]);
          return Object.fromEntries(methods);
        };
        const first = await recallingBot({ ...quick, hold });
        await first.notices();
        const next = await recallingBot(quick);
        await next.whole();
        const runs = await Promise.all(
          Array.from({ length: 7 }, async (_, i) => next.runs.load(runId(i + 1))),
        );
        return {
          isWhole: first.recall.isOpen(),
          entries: (await next.entries()).map(({ n, run, kind, state }) => ({ n, run, kind, state })),
          findings: (await verdict(next)).findings.map((one) => ({ ...one, at: 0 })),
          runs: runs.map((run) => run && { state: run.state, from: run.recalled?.from, hosts: run.hosts }),
          over: (await own.redis.smembers('{dimg}:recall:over')).sort(),
          cards: await next.deps.cards.waiting(),
          told: [...first.told, ...next.told].map(({ lines }) => lines),
          left: await own.redis.exists('{dimg}:recall:back'),
        };
      };
      const never = await brokenOff(Number.POSITIVE_INFINITY);
      const { isWhole, ...whole } = never;
      expect([isWhole, whole.left, whole.told.length]).toEqual([true, 0, 1]);
      for (let after = 0; ; after++) {
        const { isWhole: isOver, ...back } = await brokenOff(after);
        expect(back, `broken off after ${after}`).toEqual(whole);
        if (isOver) break;
        expect(after).toBeLessThan(100);
      }
    },
  );

  test('that was only started anew is whole at once for a bot that remembers', async () => {
    const one = await bot();
    const run = await proposes(one);
    await own.server.restart();
    await reconnected();
    await expect(one.runs.reserve()).rejects.toThrow(/putting back/);
    await one.notices();
    expect(await one.runs.load(run.id)).toEqual(run);
    expect(await one.runs.reserve()).toBe(run.id + 1);
    expect(one.told).toEqual([]);
    expect(runId(1)).toBe(run.id);
    // It may be a copy from a moment ago: what was posted since it does not know, so it is looked for first.
    expect(await one.deps.cards.marked(run.id, 'note approval')).toBe('perhaps');
  });

  async function reconnected(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      if (own.redis.status === 'ready') return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
});
