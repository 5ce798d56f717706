import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { UserError } from '../../src/domain/error.ts';
import { key, type Report } from '../../src/domain/protocol.ts';
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
  const listen = async (consumer: string, handle: (report: Report) => Promise<void>) => {
    const reports = openReports(await own.another(), consumer, silent);

    await reports.listen(handle);
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
    await Promise.all(bots.map((bot) => bot.close()));
  });

  test('that fail for want of Redis or Slack are tried until they succeed', async () => {
    let tries = 0;
    const bot = await listen('bot-c', async () => {
      if (++tries < 3) throw new UserError('not now');
    });
    await tell(1);
    await expect.poll(() => tries, { timeout: 10_000 }).toBe(3);
    await expect.poll(left).toBe(0);
    await bot.close();
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
    await bot.close();
    // The same bot again meets what is left once, and goes on to what is new.
    const later: number[] = [];
    const again = await listen('bot-g', async ({ seq }) => {
      later.push(seq);
      if (seq === 1) throw stuck;
    });
    await tell(3);
    await expect.poll(() => later).toEqual([1, 3]);
    await again.close();
    const mended = await listen('bot-g', async () => {});
    await expect.poll(left).toBe(0);
    await mended.close();
  });

  test('that can not be read do not keep those behind them', async () => {
    const seen: number[] = [];
    const bot = await listen('bot-d', async ({ seq }) => void seen.push(seq));
    await own.redis.xadd(key.reports, '*', 'r', 'not JSON');
    await own.redis.xadd(key.reports, '*', 'r', JSON.stringify({ v: 2 }));
    await tell(3);
    await expect.poll(() => seen).toEqual([3]);
    await expect.poll(left).toBe(0);
    await bot.close();
  });

  test('that a bot had in its hands when it died are read again by it or by another', async () => {
    const stuck = await listen('bot-e', () => new Promise(() => {}));
    await tell(5);
    await expect.poll(async () => (await own.redis.xpending(key.reports, 'bot'))[0]).toBe(1);
    // What the first connection has taken stays pending under its name; the same name takes it up again.
    const seen: number[] = [];
    const again = await listen('bot-e', async ({ seq }) => void seen.push(seq));
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual([5]);
    await again.close();
    void stuck;
  });
});
