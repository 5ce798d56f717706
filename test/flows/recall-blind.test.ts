import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import { openRecall } from '../../src/flows/recall.ts';
import { sweep } from '../../src/flows/sweep.ts';
import { openKeeping } from '../../src/store/keeping.ts';
import { openMemory } from '../../src/store/memory.ts';
import { aHostStatus, anItem, aPart, aPlan, aRun, HOST, NOW } from '../domain/_build.ts';
import { ownRedis, silent } from '../store/_redis.ts';
import { botOn, stored } from './_bot.ts';

describe.skipIf(skipWithout('hosts that a Redis did not hear', 'redis'))('a bot that saw no Redis', () => {
  const own = ownRedis('flows-recall-blind');
  const plan = aPlan([anItem('a'), anItem('b')]);

  async function begin() {
    let now = NOW;
    let away = false;
    const status = aHostStatus(HOST);
    const { deps } = botOn(own.redis, { hosts: [status], now: () => now });
    const keeping = openKeeping(own.redis, openMemory(), () => now, 90);
    const recall = openRecall({
      keeping: {
        ...keeping,
        look: async () => {
          if (away) throw new Error('Command timed out');
          return keeping.look();
        },
      },
      ...{ log: silent, clock: () => now, sleep: async () => {}, channels: async () => [] },
      ...{ mirror: null, auditChannel: undefined, posted: {} as never, voice: deps.voice },
    });
    deps.heardSince = recall.heardSince;
    const of = async (given: Parameters<typeof aPart>[0]) => {
      const part = aPart({ ...given, plan: summarise(plan) });
      const run = await stored(
        deps,
        aRun({ state: 'executing', executingSince: NOW, hosts: { [HOST]: part } }),
      );
      await deps.runs.savePlan(run.id, plan);
      return run;
    };
    const runs = [
      await of({ stage: 'executing', sent: 'execute' }),
      await of({ stage: 'planned', sent: 'plan' }),
    ];
    const looks = async (ms: number) => {
      for (const until = now + ms; now < until; now += 1_000) await recall.check().catch(() => undefined);
    };
    await looks(2_000);
    return {
      looks,
      beats: () => Object.assign(status, { seenAt: now }),
      setAway(is: boolean) {
        away = is;
      },
      jumps(ms: number) {
        now += ms;
      },
      states: async () => {
        await sweep(deps);
        return Promise.all(runs.map(async ({ id }) => (await deps.runs.load(id))?.state));
      },
    };
  }
  const going = ['executing', 'executing'];
  const over = ['unknown', 'failed'];

  test('while it hung counts no host as lost before it could be heard again', async () => {
    const bot = await begin();
    bot.setAway(true);
    await bot.looks(60_000);
    // Also where the sweep comes first.
    expect(await bot.states()).toEqual(going);
    bot.setAway(false);
    await bot.looks(14_000);
    expect(await bot.states()).toEqual(going);
    bot.beats();
    await bot.looks(40_000);
    expect(await bot.states()).toEqual(going);
    await bot.looks(10_000);
    // Meanwhile the other job was handed out as well.
    expect(await bot.states()).toEqual(['unknown', 'unknown']);
  });

  test('since its clock was set ahead, or all of it stood still, does neither', async () => {
    const bot = await begin();
    bot.jumps(3_600_000);
    expect(await bot.states()).toEqual(going);
    await bot.looks(40_000);
    expect(await bot.states()).toEqual(going);
    await bot.looks(6_000);
    expect(await bot.states()).toEqual(over);
  });

  test('for a moment counts those as lost that were silent all the time', async () => {
    const bot = await begin();
    await bot.looks(30_000);
    bot.setAway(true);
    await bot.looks(8_000);
    bot.setAway(false);
    await bot.looks(7_000);
    expect(await bot.states()).toEqual(over);
  });
});
