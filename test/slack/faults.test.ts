import { expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { randomOf } from '../property/_random.ts';
import { ownRedis, silent } from '../store/_redis.ts';
import { live } from './_lives.ts';
import { aFault, openStorm } from './_storm.ts';
import { impatient, judge } from './_witness.ts';

/** Faults of Slack; by hand: `DIMG_SLACK_FAULTS=10000 DIMG_SEED=7 npx vitest run test/slack/faults.test.ts`. */
const FAULTS = Number(process.env.DIMG_SLACK_FAULTS ?? 150);
const SEED = Number(process.env.DIMG_SEED ?? 1);
/** Runs at once. */
const AT_ONCE = FAULTS > 1_000 ? 40 : 12;

const own = ownRedis('slack-faults');

test.skipIf(skipWithout('a Slack that fails', 'redis'))(
  `every card ends true and is posted once: ${FAULTS} faults, DIMG_SEED=${SEED}`,
  async () => {
    const random = randomOf(SEED);
    const storm = await openStorm(own.redis, random, silent);
    const { slack, virtual, ids } = storm;
    slack.weather((method) => (random.chance(0.4) ? aFault(random, method) : undefined));
    const begun = virtual.time.now();
    storm.start();
    void storm.sweeps(2_000);
    let raging = true;
    const all = Array.from({ length: AT_ONCE }, async () => {
      while (raging) {
        await virtual.time.sleep(random.below(20_000));
        await live(storm, (id) => ids.push(id));
      }
    });
    /** Beside the faults of single calls: minutes without Slack, bots that die or stand still, a second one. */
    const fate = (async () => {
      while (raging) {
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
    })();
    await virtual.until(() => storm.faults() >= FAULTS, 'all faults were met');
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
    console.log(
      `Slack: ${storm.faults()} faults in ${storm.calls.length} answered calls ${JSON.stringify(kinds)}; ${JSON.stringify(found)}, ${storm.bots.length} bots, ${Math.round((virtual.time.now() - begun) / 60_000)} min, ${virtual.jumps()} jumps`,
    );
    expect(storm.faults()).toBeGreaterThanOrEqual(FAULTS);
    await storm.close();
  },
  60_000 + FAULTS * 400,
);
