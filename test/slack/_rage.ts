import { expect } from 'vitest';
import type { Redis } from '../../src/store/connect.ts';
import { type Random, randomOf } from '../property/_random.ts';
import { makeWhole, silent } from '../store/_redis.ts';
import { live } from './_lives.ts';
import { aFault, openStorm, type Storm } from './_storm.ts';
import { impatient, judge } from './_witness.ts';

/**
 * Lives of runs on a Slack that fails so often, judged at their end; with a Slack of their own, and a simulated Redis where
 * no real one is given, which is emptied before. Returns what was counted.
 */
export async function rage(redis: Redis | null, faults: number, seed: number) {
  if (redis) {
    await redis.flushall();
    await makeWhole(redis);
  }
  const random = randomOf(seed);
  const storm = await openStorm(redis, random, silent);
  try {
    const { slack, virtual, ids } = storm;
    slack.weather((method) => (random.chance(0.5) ? aFault(random, method) : undefined));
    const begun = virtual.time.now();
    storm.start();
    void storm.sweeps(5_000);
    let raging = true;
    const all = Array.from({ length: random.pick([6, 12, 30]) }, async () => {
      while (raging) {
        await virtual.time.sleep(random.below(20_000));
        await live(storm, (id) => ids.push(id));
      }
    });
    const fate = happen(storm, random, () => raging);
    await virtual.until(() => storm.faults() >= faults, 'all faults were met');
    raging = false;
    slack.weather();
    let behind = Number.POSITIVE_INFINITY;
    let over = false;
    Promise.all([...all, fate]).then(async () => {
      for (; behind > 0; await virtual.time.sleep(1_000)) behind = await virtual.real(storm.behind);
      over = true;
    });
    await virtual.until(() => over, 'every card is written');

    const found = await judge(slack, storm.deps, ids);
    expect(impatient(storm.calls)).toEqual([]);
    const kinds: Record<string, number> = {};
    for (const entry of slack.history)
      if (entry.kind === 'call' && entry.fault) kinds[entry.fault] = (kinds[entry.fault] ?? 0) + 1;
    expect(storm.faults()).toBeGreaterThanOrEqual(faults);
    return {
      ...{ faults: storm.faults(), calls: storm.calls.length, ...found, bots: storm.bots.length, kinds },
      minutes: Math.round((virtual.time.now() - begun) / 60_000),
    };
  } finally {
    await storm.close();
  }
}

// --- internal ---

/** Beside the faults of single calls: minutes without Slack, bots that die or stand still, a second one. */
async function happen(storm: Storm, random: Random, raging: () => boolean): Promise<void> {
  const { slack, virtual } = storm;
  while (raging()) {
    await virtual.time.sleep(20_000 + random.below(120_000));
    const bot = storm.bots.at(-1);
    const what = random.below(4);
    if (what === 0) {
      slack.outage(true);
      await virtual.time.sleep(random.below(240_000));
      slack.outage(false);
    } else if (what === 1) {
      storm.start();
      bot?.die();
    } else if (what === 2) void bot?.pause(1_000 + random.below(60_000));
    else {
      // Two at once, until the elder one dies.
      storm.start();
      await virtual.time.sleep(random.below(120_000));
      bot?.die();
    }
  }
}
