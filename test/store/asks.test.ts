import { describe, expect, test, vi } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import { openAsks } from '../../src/store/asks.ts';
import { openCards } from '../../src/store/cards.ts';
import { ANA, host, NOW, runId } from '../domain/_build.ts';
import { ownRedis } from './_redis.ts';

const body = (at: number): ReportBody => ({ kind: 'refused', why: { kind: 'offline', seenAt: at } });

describe.skipIf(skipWithout('asks and cards in Redis', 'redis'))('in Redis', () => {
  const own = ownRedis('store-asks');
  const ask = (id: string) => ({
    id,
    hosts: [host('host-1'), host('host-2')],
    command: 'df all',
    user: ANA,
    replyTo: 'http://127.0.0.1/reply',
  });

  test('an ask is complete with its last answer, and then gone', async () => {
    const asks = openAsks(own.redis);
    await asks.put(ask('two'), NOW);
    expect(await asks.answer('two', host('host-1'), body(1))).toBeNull();
    const complete = await asks.answer('two', host('host-2'), body(2));
    expect(complete?.ask).toEqual(ask('two'));
    expect(complete && [...complete.answers.values()]).toEqual(expect.arrayContaining([body(1), body(2)]));
    expect(await asks.take('two')).toBeNull();
    expect(await asks.due(NOW + 1)).not.toContain('two');
    await asks.replied('two');
    expect(await own.redis.keys('*two*')).toEqual([]);
    expect(await asks.due(Date.now() + 3_600_000)).not.toContain('two');
  });

  test('an ask whose bot died before it replied comes up again, for one bot', async () => {
    const asks = openAsks(own.redis);
    await asks.put(ask('died'), NOW);
    await asks.answer('died', host('host-1'), body(1));
    expect(await asks.take('died')).not.toBeNull();
    expect(await asks.due(Date.now() + 50_000)).not.toContain('died');
    expect(await asks.due(Date.now() + 61_000)).toContain('died');
    expect(await asks.take('died')).toBeNull();
    // A minute later.
    await own.redis.del('{dimg}:ask:died:taken');
    const again = await Promise.all(Array.from({ length: 20 }, () => asks.take('died')));
    expect(again.flatMap((taken) => (taken ? [taken.answers.size] : []))).toEqual([1]);
    await asks.replied('died');
  });

  test('an ask that is being replied to for long does not come up again meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const asks = openAsks(own.redis);
      await asks.put(ask('long'), NOW);
      await asks.take('long');
      let end = () => {};
      const work = asks.during('long', new Promise<void>((resolve) => (end = resolve)));
      // A minute is nearly over.
      const taken = '{dimg}:ask:long:taken';
      await own.redis.expire(taken, 5);
      await own.redis.zadd('{dimg}:asks:due', Date.now() + 5_000, 'long');
      vi.advanceTimersByTime(15_000);
      await expect.poll(() => own.redis.ttl(taken)).toBeGreaterThan(50);
      expect(await asks.due(Date.now() + 50_000)).not.toContain('long');
      end();
      await work;
      expect(vi.getTimerCount()).toBe(0);
      await asks.replied('long');
    } finally {
      vi.useRealTimers();
    }
  });

  test('what must be answered once is claimed by one; whoever comes again waits, and takes over from the dead', async () => {
    const cards = openCards(own.redis);
    const first = await cards.claim(runId(31), 'press');
    const second = cards.claim(runId(31), 'press');
    await first?.();
    expect(await second).toBeNull();
    expect(await cards.claim(runId(31), 'press')).toBeNull();
    // Its bot dies with this one.
    expect(await cards.claim(runId(32), 'press')).not.toBeNull();
    const waiting = [1, 2, 3].map(() => cards.claim(runId(32), 'press'));
    const heir = await Promise.race(waiting);
    expect(heir).not.toBeNull();
    await heir?.();
    expect((await Promise.all(waiting)).filter((one) => one !== null)).toHaveLength(1);
  });

  test('a gate lets the same press pass again, and nobody else', async () => {
    const cards = openCards(own.redis);
    expect(await cards.mine(runId(33), 'undo', 'one', 15)).toBe(true);
    expect(await cards.mine(runId(33), 'undo', 'two', 15)).toBe(false);
    expect(await cards.mine(runId(33), 'undo', 'one', 15)).toBe(true);
  });

  test('a host that was not asked can not answer', async () => {
    const asks = openAsks(own.redis);
    await asks.put(ask('stranger'), NOW);
    expect(await asks.answer('stranger', host('host-3'), body(1))).toBeNull();
    expect(await asks.answer('stranger', host('host-1'), body(1))).toBeNull();
    expect((await asks.take('stranger'))?.answers.size).toBe(1);
  });

  test('an ask that is due is taken with what there is, by one of many', async () => {
    const asks = openAsks(own.redis);
    await asks.put(ask('late'), NOW);
    await asks.answer('late', host('host-2'), body(2));
    expect(await asks.due(NOW - 1)).not.toContain('late');
    expect(await asks.due(NOW)).toContain('late');
    const taken = await Promise.all(Array.from({ length: 20 }, () => asks.take('late')));
    expect(taken.filter((each) => each !== null)).toHaveLength(1);
  });

  test('one writer holds a card, and only its holder gives it back', async () => {
    const cards = openCards(own.redis);
    const locks = await Promise.all(Array.from({ length: 20 }, () => cards.lock(runId(7), 5000)));
    const held = locks.filter((unlock) => unlock !== null);
    expect(held).toHaveLength(1);
    expect(await cards.lock(runId(8), 5000)).not.toBeNull();
    await held[0]?.();
    expect(await cards.lock(runId(7), 5000)).not.toBeNull();
  });

  test('a card is forgotten once it shows the newest revision, or belongs to no run any more', async () => {
    const cards = openCards(own.redis);
    await own.redis.hset('{dimg}:run:21', 'rev', '3');
    await own.redis.zadd('{dimg}:cards', 1, '21', 2, '22');
    await cards.shown({ id: runId(21), rev: 2 });
    expect(await cards.waiting()).toContain(21);
    await cards.shown({ id: runId(21), rev: 3 });
    await cards.shown({ id: runId(22), rev: 0 });
    expect(await cards.waiting()).toEqual([]);
  });

  test('a mark is replaced by one of many, and only where it is still what was read', async () => {
    const cards = openCards(own.redis);
    const put = (from: string | null, to: string | null) => cards.mark(runId(9), 'post', from, to);
    const first = await Promise.all(Array.from({ length: 20 }, (_, i) => put(null, `by ${i}`)));
    expect(first.filter(Boolean)).toHaveLength(1);
    const held = await cards.marked(runId(9), 'post');
    expect(held).toBe(`by ${first.indexOf(true)}`);
    expect(await put('by nobody', 'x')).toBe(false);
    expect(await put(held, 'done')).toBe(true);
    expect(await put('done', null)).toBe(true);
    expect(await cards.marked(runId(9), 'post')).toBeNull();
    expect(await put(null, 'once more')).toBe(true);
    expect(await own.redis.ttl('{dimg}:run:9:once:post')).toBeGreaterThan(89 * 86_400);
  });

  test('cards that wait are read page by page, the longest behind first; one that is behind keeps its place', async () => {
    const cards = openCards(own.redis);
    const many = Array.from({ length: 1_002 }, (_, i) => [i, String(5_000 - i)]).flat();
    await own.redis.zadd('{dimg}:cards', ...many);
    await cards.behind(runId(5_000), 99_999);
    await cards.behind(runId(6_000), 99_999);
    expect(await cards.waiting()).toHaveLength(1_000);
    expect((await cards.waiting())[0]).toBe(5_000);
    expect(await cards.waiting(1_000)).toEqual([4_000, 3_999, 6_000]);
  });

  test('what is done once is done by one of many', async () => {
    const cards = openCards(own.redis);
    const first = await Promise.all(Array.from({ length: 20 }, () => cards.once(runId(9), 'plan')));
    expect(first.filter(Boolean)).toHaveLength(1);
    expect(await cards.once(runId(9), 'plan')).toBe(false);
  });
});
