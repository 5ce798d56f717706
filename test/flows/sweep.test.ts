import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import { sweep } from '../../src/flows/sweep.ts';
import { aDrift, aHostStatus, anItem, aPart, aPlan, aRun, HOST, id, NOW } from '../domain/_build.ts';
import { ownRedis } from '../store/_redis.ts';
import { botOn, stored } from './_bot.ts';

describe.skipIf(skipWithout('agents that fall silent', 'redis'))('an agent that fell silent', () => {
  const own = ownRedis('flows-sweep');
  const plan = aPlan([anItem('a'), anItem('b')]);
  const part = aPart({ stage: 'executing', sent: 'execute', plan: summarise(plan) });

  test.each([
    ['after it said that its plan is stale touched nothing', { drift: aDrift() }, 'stale', 'skipped'],
    ['in the middle of its work may have done anything', {}, 'unknown', 'unknown'],
  ] as const)('%s', async (_, given, state, outcome) => {
    let now = NOW;
    const { deps } = botOn(own.redis, { hosts: [aHostStatus(HOST)], now: () => now });
    const run = await stored(
      deps,
      aRun({ state: 'executing', executingSince: NOW, hosts: { [HOST]: { ...part, ...given } } }),
    );
    await deps.runs.savePlan(run.id, plan);
    now += 60_000;
    await sweep(deps);
    const end = await deps.runs.load(run.id);
    expect(end?.state).toBe(state);
    expect(end?.hosts[HOST]?.outcomes).toMatchObject([
      { image: id('a'), outcome, why: { kind: 'lost' } },
      { image: id('b'), outcome, why: { kind: 'lost' } },
    ]);
  });
});

describe.skipIf(skipWithout('a sweep', 'redis'))('a sweep', () => {
  const own = ownRedis('flows-sweep-on');

  test('goes on past a run that can not be stored, and says so in the end', async () => {
    const { deps } = botOn(own.redis, { hosts: [], now: () => NOW + 60_000 });
    const expiring = aRun({ state: 'proposed', proposedAt: NOW, expiresAt: NOW + 30_000 });
    const [first, second] = [await stored(deps, expiring), await stored(deps, expiring)];
    const commit: typeof deps.runs.commit = async (before, ...rest) => {
      if (before.id === first.id) throw new Error('not this one');
      return deps.runs.commit(before, ...rest);
    };
    await expect(sweep({ ...deps, runs: { ...deps.runs, commit } })).rejects.toThrow('not this one');
    expect((await deps.runs.load(second.id))?.state).toBe('expired');
  });
});
