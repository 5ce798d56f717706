import { beforeEach, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { chain, GENESIS } from '../../src/domain/audit.ts';
import { requested } from '../../src/domain/facts.ts';
import { openKeeping } from '../../src/store/keeping.ts';
import { openMemory } from '../../src/store/memory.ts';
import { openRuns } from '../../src/store/runs.ts';
import { aRun, HOST, id, NOW, runId } from '../domain/_build.ts';
import { makeWhole, ownRedis } from './_redis.ts';

describe.skipIf(skipWithout('what Redis must not forget', 'redis'))('what Redis must not forget', () => {
  const own = ownRedis('store-keeping');
  beforeEach(() => own.redis.flushall());
  const open = () => {
    const memory = openMemory();
    const clock = () => NOW;
    return {
      memory,
      keeping: openKeeping(own.redis, memory, clock, 90),
      runs: openRuns(own.redis, clock, 90, memory),
    };
  };
  const lost = { at: NOW, run: runId(1), kind: 'lost', from: 1 } as const;
  const wide = { n: 7, hash: id('7') };

  test('is put back by one at a time, and by nobody who was taken over or came late', async () => {
    const { keeping, runs } = open();
    const first = await keeping.hold(5_000);
    expect(await keeping.hold(5_000)).toBeNull();
    // As if it had stood still for longer than it may.
    await own.redis.del('{dimg}:recall');
    const second = await keeping.hold(5_000);
    const puts = (hold: typeof first) => [
      hold?.number(5),
      hold?.entries([{ n: 1, text: '{}' }], wide),
      hold?.goOnFrom(wide, lost),
      hold?.put(aRun(), null, [], true),
      hold?.whole(null),
    ];
    const refused = async (hold: typeof first) => {
      for (const put of await Promise.allSettled(puts(hold)))
        expect(String('reason' in put && put.reason)).toContain('another bot puts back');
    };
    await refused(first);
    expect(await own.redis.keys('*')).toEqual(['{dimg}:recall']);
    await second?.number(5);
    await second?.whole(null);
    expect(await runs.reserve()).toBe(6);
    // What has begun anew is not written over.
    await refused(second);
    await first?.release();
    expect(await own.redis.exists('{dimg}:recall')).toBe(1);
    await second?.release();
    expect(await own.redis.exists('{dimg}:recall')).toBe(0);
  });

  test('is a number that never goes down, and a run that is not written over', async () => {
    const { keeping } = open();
    const hold = await keeping.hold(5_000);
    await hold?.number(9);
    await hold?.number(4);
    expect((await keeping.look()).run).toBe(9);
    await hold?.put({ ...aRun(), rev: 3 }, null, [], true);
    await hold?.put({ ...aRun(), rev: 1 }, null, [lost], true);
    // Nor does the audit tell of what was not stored.
    expect((await keeping.look()).last).toBe(0);
    expect((await hold?.load(runId(1042)))?.rev).toBe(3);
    await hold?.release();
  });

  test('is seen at one instant, without what is nobody’s count or can not be read', async () => {
    const { keeping, runs } = open();
    await makeWhole(own.redis);
    const run = { ...aRun(), id: await runs.reserve() };
    const made = await runs.createAs(run, requested(run), 'reply');
    await own.redis.hset('{dimg}:known', {
      [HOST]: JSON.stringify({ run: 3, audit: { ...wide, at: 1 }, more: 'of a newer agent' }),
      'host-8': JSON.stringify({ run: 2 ** 52, audit: null }),
      'host-9': 'nothing',
    });
    await own.redis.zadd('{dimg}:seen', 5, HOST);
    await open().keeping.remind();
    await keeping.remind();
    const kept = await keeping.look();
    expect(kept).toMatchObject({ whole: true, head: made?.audit, last: 1, run: 1 });
    expect([...kept.known]).toEqual([[HOST, { run: 3, audit: { ...wide, at: 1 } }]]);
    expect([...kept.seen]).toEqual([[HOST, 5]]);
    expect(kept.bots.map((bot) => bot.run).sort()).toEqual([0, 1]);
    expect(kept.bots.flatMap((bot) => bot.runs)).toEqual([made]);
  });

  test('is in doubt for a bot that remembers more, though the marker is there', async () => {
    const { memory, runs } = open();
    await makeWhole(own.redis);
    memory.saw(chain(GENESIS, [lost]).at(-1) ?? GENESIS);
    const run = { ...aRun(), id: runId(1) };
    await expect(runs.createAs(run, requested(run), 'reply')).rejects.toThrow('putting back');
  });

  test('is told to people once, however many bots ask', async () => {
    const { keeping } = open();
    const hold = await keeping.hold(5_000);
    const news = { channels: ['C0OPS'], lines: ['a', 'b'] };
    await hold?.whole(news);
    const told = await Promise.all([1, 2, 3].map(() => keeping.news()));
    expect(told.filter((one) => one !== null)).toEqual([news]);
    await keeping.later(news);
    expect(await keeping.news()).toEqual(news);
    await hold?.release();
  });
});
