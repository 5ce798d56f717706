import { expect, test } from 'vitest';
import { HOUR } from '../domain/_build.ts';
import { randomOf } from '../property/_random.ts';
import { silent } from '../store/_redis.ts';
import { live } from './_lives.ts';
import { openStorm } from './_storm.ts';
import { impatient, judge } from './_witness.ts';

/** By hand: `DIMG_SLACK_RUNS=200 npx vitest run test/slack/outage.test.ts`. */
const RUNS = Number(process.env.DIMG_SLACK_RUNS ?? 30);
const SEED = Number(process.env.DIMG_SEED ?? 1);

test(`six hours without Slack end with every card true, and cost it few calls: ${RUNS} runs, DIMG_SEED=${SEED}`, async () => {
  const random = randomOf(SEED);
  const storm = await openStorm(null, random, silent);
  const { slack, virtual, ids } = storm;
  const made = (at: number) => slack.history.filter((entry) => entry.kind === 'call' && entry.at >= at);
  storm.start();
  void storm.sweeps(600_000);
  const begun = virtual.time.now();
  // Some have their cards, and are in the middle; others are asked for while Slack is away.
  const lives = Array.from({ length: RUNS }, async (_, i) => {
    await virtual.time.sleep(i % 2 === 0 ? random.below(60_000) : 60_000 + random.below(5 * HOUR));
    await live(storm, (id) => ids.push(id));
  });
  let over = false;
  const all = async (work: Promise<unknown>) => {
    over = false;
    await work.then(() => {
      over = true;
    });
  };
  void all(virtual.time.sleep(60_000));
  await virtual.until(() => over, 'the outage');
  slack.outage(true);
  void all(virtual.time.sleep(6 * HOUR));
  await virtual.until(() => over, 'the end of the outage');
  const asked = made(begun + 60_000).length;
  // One at a time, about once a minute.
  expect(asked).toBeLessThan(8 * 60 * 1.5);
  expect(asked).toBeGreaterThan(6 * 60);

  const jumps = virtual.jumps();
  slack.outage(false);
  const back = virtual.time.now();
  let behind = Number.POSITIVE_INFINITY;
  void all(
    Promise.all(lives).then(async () => {
      for (; behind > 0; await virtual.time.sleep(1_000)) behind = await virtual.real(storm.behind);
    }),
  );
  await virtual.until(() => over, 'every card is written');
  const found = await judge(slack, storm.deps, ids);
  expect(ids).toHaveLength(RUNS);
  const after = made(back);
  const refused = after.filter((entry) => entry.kind === 'call' && entry.status === 429);
  console.log(
    `Away for six hours: ${asked} calls, ${jumps} jumps of ${virtual.jumps()}; afterwards ${after.length} in ${Math.round((virtual.time.now() - back) / 1000)} s, ${refused.length} of them too many; ${JSON.stringify(found)}`,
  );
  // A post or an update of each, its notes and lists, and looking for what was in doubt.
  expect(after.length).toBeLessThan(8 * RUNS);
  expect(refused).toEqual([]);
  expect(impatient(storm.calls)).toEqual([]);
  await storm.close();
}, 300_000);
