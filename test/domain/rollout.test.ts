import { describe, expect, test } from 'vitest';
import type { HostName } from '../../src/domain/ids.ts';
import { hasTurn, nextWave, startWaves } from '../../src/domain/rollout.ts';
import type { HostPart, Rollout, Run } from '../../src/domain/run.ts';
import { aPart, aRun, aSummary, host, MINUTE, NOW } from './_build.ts';

const names = ['a', 'b', 'c', 'd', 'e'].map(host);
const [A, B, C, D] = names as [HostName, HostName, HostName, HostName];
const LATER = NOW + MINUTE;

const executing = (
  rollout: Rollout | undefined,
  stages: HostPart['stage'][] = names.map(() => 'planned'),
): Run =>
  aRun({
    state: 'executing',
    where: 'all',
    ...(rollout && { rollout }),
    hosts: Object.fromEntries(
      stages.map((stage, i) => [names[i], aPart({ stage, plan: aSummary({ items: 1 }) })]),
    ) as Run['hosts'],
  });

describe('the turns of hosts', () => {
  test.each<[string, Rollout | undefined, string[][] | undefined]>([
    ['no rollout: all at once', undefined, undefined],
    [
      'canaries alone, then all others',
      { canary: 2 },
      [
        ['a', 'b'],
        ['c', 'd', 'e'],
      ],
    ],
    ['so many at a time', { batch: 2 }, [['a', 'b'], ['c', 'd'], ['e']]],
    ['canaries, then so many at a time', { canary: 1, batch: 3 }, [['a'], ['b', 'c', 'd'], ['e']]],
    ['as many canaries as hosts: nothing is left to wait', { canary: 5 }, undefined],
    ['more canaries than hosts', { canary: 9, batch: 2 }, undefined],
    ['as many at a time as there are hosts', { batch: 5 }, undefined],
    ['all but one are canaries', { canary: 4 }, [['a', 'b', 'c', 'd'], ['e']]],
  ])('%s', (_, rollout, waves) => {
    const run = startWaves(executing(rollout), LATER);
    expect(run.waves).toEqual(waves && { hosts: waves, now: 0, since: LATER });
  });

  test('are by name, and only of hosts that have something to do', () => {
    const run = executing({ canary: 1 }, ['ended', 'planned', 'ended', 'planned']);
    const shuffled = {
      ...run,
      hosts: Object.fromEntries(Object.entries(run.hosts).toReversed()) as Run['hosts'],
    };
    expect(startWaves(shuffled, NOW).waves?.hosts).toEqual([['b'], ['d']]);
  });

  test('are those of a wave and all before it', () => {
    const run = startWaves(executing({ batch: 2 }), NOW);
    const turns = (one: Run) => names.filter((name) => hasTurn(one, name));
    expect(turns(run)).toEqual([A, B]);
    expect(turns(nextWave(run, LATER))).toEqual([A, B, C, D]);
    expect(turns(nextWave(nextWave(run, NOW), LATER))).toEqual(names);
    expect(turns(executing(undefined))).toEqual(names);
  });
});
