import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RunId, type UserId } from '../../src/domain/ids.ts';
import { key } from '../../src/domain/protocol.ts';
import type { Run } from '../../src/domain/run.ts';
import { openAsks } from '../../src/store/asks.ts';
import { openAudit } from '../../src/store/audit.ts';
import { openCards } from '../../src/store/cards.ts';
import type { Redis } from '../../src/store/connect.ts';
import { openHosts } from '../../src/store/hosts.ts';
import { own } from '../../src/store/keys.ts';
import { openRuns } from '../../src/store/runs.ts';
import { ANA, aHostStatus, anItem, aPlan, aRun, HOST, NOW } from '../domain/_build.ts';
import { type Random, randomOf } from '../property/_random.ts';
import { ownRedis, silent } from '../store/_redis.ts';
import { openLoop } from './_loop.ts';
import { openClient } from './_redis-client.ts';
import { openRedisData } from './_redis-data.ts';

const real = ownRedis('simulated-redis');
const OPERATIONS = Number(process.env.DIMG_OPERATIONS ?? 200);

/** A client of the simulated Redis whose calls are answered by real time. */
function simulated() {
  const loop = openLoop(randomOf(1), NOW);
  const data = openRedisData(() => NOW);
  const process = loop.process('test');
  const client = openClient({ loop, data, process, line: () => 'up', limitMs: 1_000 });
  return { client, data, settle: () => loop.run(Number.MAX_SAFE_INTEGER, () => false) };
}

/** The production store on a client; what each operation resolves to, or what its error says. */
function storeOn(redis: Redis) {
  const runs = openRuns(redis, () => NOW, 90);
  const cards = openCards(redis);
  const audit = openAudit(redis);
  const asks = openAsks(redis);
  const hosts = openHosts(redis, silent);
  const known = new Map<number, Run>();
  const by = ['U0ANA', 'U0EVE'] as UserId[];
  const facts = (run: Run, n: number) =>
    Array.from({ length: n }, () => ({ at: NOW, run: run.id, kind: 'requested' as const, by: ANA }));
  const draw = (random: Random): [string, () => Promise<unknown>] => {
    const id = RunId.parse(1 + random.below(6));
    const word = random.pick(['post', 'note', 'card']);
    const run = known.get(id);
    const host = random.pick(['host-1', 'host-2', HOST]) as typeof HOST;
    const ask = `survey-${random.below(3)}`;
    const n = random.below(3);
    const user = random.pick(by);
    const state = random.pick(['planning', 'executing', 'done'] as const);
    const options: [string, () => Promise<unknown>][] = [
      [
        'create',
        () =>
          runs.create(
            `d${random.below(30)}`,
            (id) => aRun({ id, requester: user }),
            (run) => facts(run, n),
            'reply',
          ),
      ],
      [
        'load',
        async () => {
          const loaded = await runs.load(id);
          if (loaded) known.set(id, loaded);
          return loaded;
        },
      ],
      ['commit', async () => run && runs.commit(run, { ...run, state }, facts(run, n))],
      ['savePlan', () => runs.savePlan(id, aPlan([anItem(word)], { host, digest: `${word}-${n}` }))],
      ['due', () => runs.due(NOW + 1_000_000)],
      ['open', () => runs.open()],
      ['askedBy', () => runs.askedBy(user, 5)],
      ['lookAgain', () => runs.lookAgain({ id, rev: random.below(4) }, random.chance(0.3) ? null : NOW + n)],
      ['replyTo', () => runs.replyTo(id)],
      ['waiting', () => cards.waiting()],
      ['shown', () => cards.shown({ id, rev: random.below(4) })],
      ['once', () => cards.once(id, word)],
      ['marked', () => cards.marked(id, word)],
      ['mark', () => cards.mark(id, word, random.pick([null, 'a', 'b']), random.pick([null, 'a', 'b']))],
      [
        'lock',
        async () => {
          const unlock = await cards.lock(id, 5_000);
          if (random.chance(0.5)) await unlock?.();
          return unlock !== null;
        },
      ],
      [
        'put ask',
        () =>
          asks.put(
            { id: ask, hosts: ['host-1', 'host-2'] as never, command: 'df all', user, replyTo: 'r' },
            NOW + n,
          ),
      ],
      ['answer', () => asks.answer(ask, host, { kind: 'refused', why: { kind: 'no-answer' } })],
      ['take', () => asks.take(ask)],
      ['asks due', () => asks.due(NOW + 1)],
      ['audit', () => audit.read({ count: 4, ...(random.chance(0.5) && { before: 1 + random.below(9) }) })],
      ['texts', () => audit.texts({ count: 5, after: random.chance(0.5) ? null : '2-0' })],
      ['newest', () => audit.newest()],
      ['channels', () => audit.channels()],
      [
        'beat',
        () => redis.hset(key.hosts, host, JSON.stringify({ ...aHostStatus(host), seenAt: undefined })),
      ],
      ['seen', () => redis.zadd(key.seen, NOW + n, host)],
      ['hosts', async () => (await hosts.list()).sort((a, b) => (a.host < b.host ? -1 : 1))],
      ['report', () => redis.xadd(key.reports, `${NOW + random.below(50)}-1`, 'r', '{}')],
      ['range', () => redis.xrange(key.reports, '-', `${NOW + 25}`)],
      ['acked', () => redis.sadd(key.acked(host), `job ${n}`)],
      [
        'read group',
        () =>
          redis.xreadgroup(
            'GROUP',
            'bot',
            word,
            'COUNT',
            2,
            'STREAMS',
            key.reports,
            random.pick(['>', '0']),
          ) as Promise<unknown>,
      ],
      ['claim', () => redis.xautoclaim(key.reports, 'bot', word, 0, '0', 'COUNT', 2)],
      ['group', () => redis.xgroup('CREATE', key.reports, 'bot', '0', 'MKSTREAM') as Promise<unknown>],
      [
        'settle',
        () =>
          redis
            .multi()
            .xack(key.reports, 'bot', `${NOW + n}-1`)
            .xdel(key.reports, `${NOW + n}-1`)
            .exec(),
      ],
    ];
    return random.pick(options);
  };
  return async (random: Random): Promise<string> => {
    const [name, work] = draw(random);
    try {
      return `${name}: ${JSON.stringify(await work())}`;
    } catch (error) {
      return `${name}: fails: ${(error as Error).message.replace(/,? ?script: .*/s, '').slice(0, 60)}`;
    }
  };
}

describe('the simulated Redis does what a real one does', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: NOW }));
  afterEach(() => void vi.useRealTimers());

  test.each([1, 4])('by the store, with seed %i', async (seed) => {
    const { redis } = real;
    await redis.flushall();
    const { client, data, settle } = simulated();
    const [, id = ''] = /run_id:(\w+)/.exec(await redis.info('server')) ?? [];
    await redis.set(own.whole, id);
    data.exec('SET', [own.whole, data.runId()]);
    const [onReal, onSimulated] = [storeOn(redis), storeOn(client)];
    const [one, other] = [randomOf(seed), randomOf(seed)];
    let told = 0;
    for (let i = 0; i < OPERATIONS; i++) {
      const expected = await onReal(one);
      const answer = onSimulated(other);
      await settle();
      expect(`${i} ${await answer}`).toBe(`${i} ${expected}`);
      if (!expected.endsWith('null')) told++;
    }
    expect(told).toBeGreaterThan(OPERATIONS / 3);
  });
});
