import { afterAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { ownRedis } from '../store/_redis.ts';
import { rage } from './_rage.ts';

/** Of Slack; by hand: `npm run test:slack-faults -- --faults 10000 --seed 7`. */
const FAULTS = Number(process.env.DIMG_SLACK_FAULTS ?? 100);
const SEED = Number(process.env.DIMG_SEED ?? 1);
/** What a stand-in remembers is searched at each look: short histories are searched faster. */
const BATCH = 250;
/** A real one's answers take longer than all else. */
const IS_REAL = process.env.DIMG_SLACK_REDIS !== 'simulated';
const ONLY = process.env.DIMG_SLACK_ONLY;
const drawn = Array.from({ length: Math.ceil(FAULTS / BATCH) }, (_, i) => ({
  faults: Math.min(BATCH, FAULTS - i * BATCH),
  seed: SEED * 10_000 + i,
}));
const batches = ONLY ? [{ faults: BATCH, seed: Number(ONLY) }] : drawn;

describe.skipIf(skipWithout('a Slack that fails', 'redis'))('a Slack that fails', () => {
  const own = ownRedis('slack-faults');
  const sum: Record<string, number> = {};
  afterAll(() => console.log(JSON.stringify(sum)));

  test.each(batches)(
    'every card ends true and is posted once: $faults faults, --only $seed',
    async ({ faults, seed }) => {
      const { kinds, ...found } = await rage(IS_REAL ? own.redis : null, faults, seed);
      for (const [name, count] of Object.entries({ ...found, ...kinds }))
        sum[name] = (sum[name] ?? 0) + count;
      expect(found.faults).toBeGreaterThanOrEqual(faults);
    },
    300_000,
  );
});
