import { describe, expect, test } from 'vitest';
import { draw } from './_schedule.ts';
import { liveSeeds, relive, shrink } from './_seeds.ts';

/** More by hand: `npm run test:simulate -- --schedules 1000000 --seed 1`. */
const SEED = Number(process.env.DIMG_SEED ?? 1);
/** As many schedules as this time allows, so that a slow machine is not kept for long; never fewer than these. */
const MOST_MS = 4_000;
const FEWEST = 40;

describe('in virtual time', () => {
  test('whole lives with faults keep all promises', async () => {
    const few = await liveSeeds(SEED, FEWEST);
    const more = await liveSeeds(SEED + FEWEST, 5_000, { most: MOST_MS });
    expect([...few.found, ...more.found].map(({ seed, violation }) => `seed ${seed}: ${violation}`)).toEqual(
      [],
    );
    expect(few.deleted).toBeGreaterThan(FEWEST / 4);
    expect(few.unknown + more.unknown).toBe(0);
  }, 60_000);

  test('the same seed is the same life', async () => {
    for (const seed of [3, 7, 11]) {
      const schedule = draw(seed, { forgetful: false });
      const [one, other] = [await relive(schedule), await relive(schedule)];
      expect(other.hash).toBe(one.hash);
      expect(other.trace).toEqual(one.trace);
    }
    const hashes = new Set<string>();
    for (const seed of [3, 7, 11]) hashes.add((await relive(draw(seed, { forgetful: false }))).hash);
    expect(hashes.size).toBe(3);
  }, 60_000);

  test('what does not matter for a violation is dropped', async () => {
    // With nothing that may be said later, whatever is unknown stays so: that is a violation to shrink.
    const options = { lateWord: false };
    const { found } = await liveSeeds(1, 2_000, { ...options, first: true });
    const [first] = found;
    if (!first) throw new Error('Nothing was found to shrink.');
    const least = await shrink(first.schedule, first.violation, options);
    const size = ({ acts, faults }: typeof least) =>
      acts.flatMap(({ moves }) => moves).length + acts.length + faults.length;
    expect(size(least)).toBeLessThan(size(first.schedule));
    expect((await relive(least, options)).violation).not.toBeNull();
  }, 120_000);
});
