import { expect, test } from 'vitest';
import { GENESIS } from '../../src/domain/audit.ts';
import { openRecall } from '../../src/flows/recall.ts';
import type { Keeping, Kept, Memory } from '../../src/ports.ts';

/** A Redis that is whole, and a bot that stores something while it is asked. */
function watched(before: number, inRedis: number, after: number) {
  let n = before;
  let doubts = 0;
  const kept: Kept = {
    ...{ whole: true, head: { n: inRedis, hash: 'h' }, last: inRedis, run: inRedis },
    ...{ known: new Map(), seen: new Map(), bots: [] },
  };
  const keeping = {
    memory: (): Memory => ({ head: { ...GENESIS, n }, run: n, runs: [] }),
    async look() {
      await Promise.resolve();
      n = after;
      return kept;
    },
    doubt: async () => void doubts++,
    remind: async () => {},
    hold: async () => null,
    news: async () => null,
  } as unknown as Keeping;
  const quiet = { info() {}, warn() {}, error() {} };
  const recall = openRecall({
    ...{ keeping, log: quiet, clock: () => 0, sleep: async () => {}, channels: async () => [] },
    ...{ mirror: null, auditChannel: undefined, posted: {} as never, voice: {} as never },
  });
  return { recall, doubts: () => doubts };
}

test('what this bot stores while it looks is not taken for lost', async () => {
  const { recall, doubts } = watched(5, 5, 9);
  await recall.check();
  expect([recall.isOpen(), doubts()]).toEqual([true, 0]);
});

test('what it had stored before it looked is', async () => {
  const { recall, doubts } = watched(6, 5, 6);
  await recall.check();
  expect([recall.isOpen(), doubts()]).toEqual([false, 1]);
});

test('a clock that is set back puts off no next attempt', async () => {
  let now = 3_600_000;
  let putting = false;
  let attempts = 0;
  const keeping = {
    memory: (): Memory => ({ head: GENESIS, run: 0, runs: [] }),
    async look() {
      if (putting) throw new Error('not now');
      return { whole: false };
    },
    remind: async () => {},
    async hold() {
      attempts++;
      putting = true;
      return {
        release: async () => {
          putting = false;
        },
      };
    },
  } as unknown as Keeping;
  const recall = openRecall({
    ...{ keeping, log: { info() {}, warn() {}, error() {} }, clock: () => now, sleep: async () => {} },
    ...{ channels: async () => [], mirror: null, auditChannel: undefined },
    ...{ posted: {} as never, voice: {} as never },
  });
  await recall.check();
  await recall.check();
  expect(attempts).toBe(1);
  now = 0;
  await recall.check();
  expect(attempts).toBe(2);
});
