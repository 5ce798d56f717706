import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { UserError } from '../../src/domain/error.ts';
import { key, type Report } from '../../src/domain/protocol.ts';
import { forgetGone } from '../../src/queue/gone.ts';
import { openReports } from '../../src/queue/reports.ts';
import { HOST } from '../domain/_build.ts';
import { ownRedis, silent } from '../store/_redis.ts';

describe.skipIf(skipWithout('the stream of reports', 'redis'))('reports', () => {
  const own = ownRedis('queue-reports');

  const aReport = (seq: number): Report => ({
    v: 1,
    host: HOST,
    epoch: 'e',
    job: 'plan-1-host-3',
    seq,
    body: { kind: 'started' },
  });
  const tell = (seq: number) => own.redis.xadd(key.reports, '*', 'r', JSON.stringify(aReport(seq)));
  const listen = async (consumer: string, handle: (report: Report) => Promise<unknown>) => {
    const reports = openReports(await own.another(), consumer, silent);

    await reports.listen(async (report) => {
      const settled = await handle(report);
      return settled === 'unknown run' ? settled : 'settled';
    });
    return reports;
  };
  const left = () => own.redis.xlen(key.reports);

  test('reach one of two bots each, once, and leave the stream', async () => {
    const seen: number[] = [];
    const take = async ({ seq }: Report) => void seen.push(seq);
    const bots = [await listen('bot-a', take), await listen('bot-b', take)];
    await Promise.all(Array.from({ length: 200 }, (_, i) => tell(i + 1)));
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(200);
    expect(new Set(seen).size).toBe(200);
    await expect.poll(left).toBe(0);
    await Promise.all(bots.map((bot) => bot.close(1_000)));
  });

  test('that fail for want of Redis or Slack are tried until they succeed', async () => {
    let tries = 0;
    const bot = await listen('bot-c', async () => {
      if (++tries < 3) throw new UserError('not now');
    });
    await tell(1);
    await expect.poll(() => tries, { timeout: 10_000 }).toBe(3);
    await expect.poll(left).toBe(0);
    await bot.close(1_000);
  });

  test('that wait for somebody to mend something keep nothing behind them, and are not lost', async () => {
    const seen: number[] = [];
    const stuck = new UserError('mend it', { lasting: true });
    const bot = await listen('bot-g', async ({ seq }) => {
      seen.push(seq);
      if (seq === 1) throw stuck;
    });
    await tell(1);
    await tell(2);
    await expect.poll(() => seen).toEqual([1, 2]);
    await expect.poll(left).toBe(1);
    await bot.close(1_000);
    // The same bot again meets what is left once, and goes on to what is new.
    const later: number[] = [];
    const again = await listen('bot-g', async ({ seq }) => {
      later.push(seq);
      if (seq === 1) throw stuck;
    });
    await tell(3);
    await expect.poll(() => later).toEqual([1, 3]);
    await again.close(1_000);
    const mended = await listen('bot-g', async () => {});
    await expect.poll(left).toBe(0);
    await mended.close(1_000);
  });

  test('that can not be read do not keep those behind them', async () => {
    const seen: number[] = [];
    const bot = await listen('bot-d', async ({ seq }) => void seen.push(seq));
    await own.redis.xadd(key.reports, '*', 'r', 'not JSON');
    await own.redis.xadd(key.reports, '*', 'r', JSON.stringify({ v: 2 }));
    await tell(3);
    await expect.poll(() => seen).toEqual([3]);
    // A newer bot may know what it means.
    await expect.poll(left).toBe(1);
    expect(await own.redis.xpending(key.reports, 'bot')).toMatchObject({ 0: 1 });
    await bot.close(1_000);
    await own.redis.xtrim(key.reports, 'MAXLEN', 0);
  });

  describe('of what a host keeps until it is told that it need not', () => {
    const job = 'execute-1-host-3';
    const acked = () => own.redis.smembers(key.acked(HOST));
    const work = (seq: number) =>
      own.redis.xadd(key.reports, '*', 'r', JSON.stringify({ ...aReport(seq), job }));

    test('are acknowledged once they are settled, in the instant in which they leave the stream', async () => {
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const bot = await listen('bot-h', () => gate);
      await work(1);
      await expect.poll(async () => (await own.redis.xpending(key.reports, 'bot'))[0]).toBe(1);
      expect(await acked()).toEqual([]);
      open();
      await expect.poll(left).toBe(0);
      expect(await acked()).toEqual([`${job} 1`]);
      expect(await own.redis.ttl(key.acked(HOST))).toBeGreaterThan(89 * 86_400);
      await tell(2);
      await expect.poll(left).toBe(0);
      expect(await acked()).toEqual([`${job} 1`]);
      await bot.close(1_000);
    });

    test.each([
      ['that failed for a reason of our own', async () => Promise.reject(new Error('a fault'))],
      ['about a run that is not there', async () => 'unknown run'],
    ])('are not acknowledged %s', { timeout: 20_000 }, async (_, handle) => {
      await own.redis.del(key.acked(HOST));
      const bot = await listen('bot-i', handle);
      await work(1);
      await expect.poll(left, { timeout: 15_000 }).toBe(0);
      expect(await acked()).toEqual([]);
      await bot.close(1_000);
    });

    test('are settled before the end, or left to another bot', async () => {
      await own.redis.del(key.acked(HOST));
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      let begun = false;
      const bot = await listen('bot-k', () => {
        begun = true;
        return gate;
      });
      await work(1);
      await work(2);
      await expect.poll(() => begun).toBe(true);
      const end = bot.close(5_000);
      open();
      await end;
      expect(await acked()).toEqual([`${job} 1`]);
      expect(await left()).toBe(1);
      const other = await listen('bot-k', async () => {});
      await expect.poll(left).toBe(0);
      await other.close(1_000);
    });
  });

  test('are read under a name that is forgotten once its bot is gone, and not with what it had in hand', async () => {
    const names = async () => {
      const all = (await own.redis.xinfo('CONSUMERS', key.reports, 'bot')) as [string, string][];
      return all.map(([, name]) => name);
    };
    await forgetGone(own.redis, silent, -1);
    const ended = await listen('bot-ended', async () => {});
    const stuck = await listen('bot-stuck', () => new Promise(() => {}));
    for (
      let seq = 1;
      !(await names()).includes('bot-stuck') || !(await names()).includes('bot-ended');
      seq++
    ) {
      await tell(seq);
      await new Promise(setImmediate);
    }
    await ended.close(1_000);
    await tell(99);
    await expect.poll(async () => (await own.redis.xpending(key.reports, 'bot'))[0]).toBeGreaterThan(0);
    await forgetGone(own.redis, silent);
    expect(await names()).toEqual(expect.arrayContaining(['bot-ended', 'bot-stuck']));
    const living = await listen('bot-living', async () => {});
    await forgetGone(own.redis, silent, -1);
    expect(await names()).toContain('bot-stuck');
    expect(await names()).not.toContain('bot-ended');
    // One that is at work, and was forgotten, reads on.
    await tell(100);
    await expect.poll(names).toContain('bot-living');
    await living.close(1_000);
    await stuck.close(0);
    await own.redis.xtrim(key.reports, 'MAXLEN', 0);
    await own.redis.xgroup('DELCONSUMER', key.reports, 'bot', 'bot-stuck');
  });

  test('that a bot had in its hands when it died are read again by it or by another', async () => {
    const stuck = await listen('bot-e', () => new Promise(() => {}));
    await tell(5);
    await expect.poll(async () => (await own.redis.xpending(key.reports, 'bot'))[0]).toBe(1);
    // What the first connection has taken stays pending under its name; the same name takes it up again.
    const seen: number[] = [];
    const again = await listen('bot-e', async ({ seq }) => void seen.push(seq));
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual([5]);
    await again.close(1_000);
    void stuck;
  });
});
