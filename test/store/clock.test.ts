import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { redisClock } from '../../src/store/connect.ts';
import { ownRedis } from './_redis.ts';

describe.skipIf(skipWithout('the clock that bot and agents share', 'redis'))('the clock of Redis', () => {
  const own = ownRedis('store-clock');
  const DAY_MS = 86_400_000;

  /** What Redis itself says, in milliseconds. */
  const asked = async () => Number((await own.redis.time())[0]) * 1000;

  async function withClocks() {
    const ahead = { monotonic: 0, wall: 0 };
    const clock = await redisClock(own.redis, {
      monotonic: () => performance.now() + ahead.monotonic,
      wall: () => Date.now() + ahead.wall,
    });
    return { ahead, clock };
  }

  test('goes on though the wall clock is set, and says that it should be measured', async () => {
    const { ahead, clock } = await withClocks();
    expect(clock.jumped()).toBe(false);
    for (const step of [7 * DAY_MS, -7 * DAY_MS]) {
      ahead.wall = step;
      expect(Math.abs(clock.now() - (await asked()))).toBeLessThan(DAY_MS);
      expect(clock.jumped()).toBe(true);
      await clock.measure();
      expect(clock.jumped()).toBe(false);
    }
  });

  test('is behind after the machine slept, until it is measured', async () => {
    const { ahead, clock } = await withClocks();
    // This process's own clock stood still, so that all others went on.
    ahead.monotonic = -DAY_MS;
    expect(clock.now() - (await asked())).toBeLessThan(-DAY_MS / 2);
    expect(clock.jumped()).toBe(true);
    await clock.measure();
    expect(Math.abs(clock.now() - (await asked()))).toBeLessThan(DAY_MS / 2);
  });

  test('takes the time that has passed since it was measured', async () => {
    const { ahead, clock } = await withClocks();
    Object.assign(ahead, { monotonic: DAY_MS, wall: DAY_MS });
    expect(clock.jumped()).toBe(false);
    expect(clock.now() - (await asked())).toBeGreaterThan(DAY_MS / 2);
  });
});
