import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import type { HostName, UserId } from '../../src/domain/ids.ts';
import { plain } from '../../src/domain/markup.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { advance } from '../../src/flows/advance.ts';
import { decide } from '../../src/flows/decide.ts';
import * as a from '../domain/_build.ts';
import { ownRedis } from '../store/_redis.ts';
import { botOn, stored } from './_bot.ts';

const { ANA, BEN, MINUTE, NOW } = a;
const [H1, H2, H3] = ['h1', 'h2', 'h3'].map(a.host) as [HostName, HostName, HostName];
const AGAIN = /has gone on since, and waits again/;

describe.skipIf(skipWithout('continuing a rollout', 'redis'))('Continue', () => {
  const own = ownRedis('flows-continue');

  /** Three hosts by turn: the first has ended, and the run waits. */
  async function waiting(now = () => NOW + 1000) {
    const { deps } = botOn(own.redis, { hosts: [H1, H2, H3].map((name) => a.aHostStatus(name)), now });
    const plans = [H1, H2, H3].map((host) => a.aPlan([a.anItem('a')], { host }));
    const parts = plans.map((plan) => a.aPart({ stage: 'planned', sent: 'plan', plan: summarise(plan) }));
    const ended = { ...parts[0], stage: 'ended', sent: 'execute', outcomes: [a.anOutcome('a')] };
    const run = await stored(
      deps,
      a.aRun({
        ...{ state: 'executing', executingSince: NOW, rollout: { canary: 1, batch: 1 } },
        waves: { hosts: [[H1], [H2], [H3]], now: 0, since: NOW },
        paused: { at: NOW, until: NOW + 30 * MINUTE, why: 'canary' },
        hosts: { [H1]: ended, [H2]: parts[1], [H3]: parts[2] } as Run['hosts'],
      }),
    );
    for (const plan of plans) await deps.runs.savePlan(run.id, plan);
    return { deps, run };
  }

  let presses = 0;
  const press = async (deps: Deps, run: Run, user: UserId, pressedAt?: number) => {
    const pressed = { run: run.id, verb: 'continue', via: 'button', user, team: 'T1' } as const;
    const delivery = `${++presses}`;
    const words = await decide(deps, { ...pressed, delivery, ...(pressedAt !== undefined && { pressedAt }) });
    return words && plain(words);
  };

  async function fails(deps: Deps, run: Run, host: HostName, at: number): Promise<void> {
    await advance(deps, run.id, { type: 'outcomes', at, host, outcomes: [a.anOutcome('a', 'failed')] });
    const report = { tookMs: 1, before: null, after: null, raced: [] };
    await advance(deps, run.id, { type: 'finished', at, host, report });
  }

  test('counts for the pause that its presser saw, however long looking them up takes', async () => {
    const { deps, run } = await waiting();
    const { stranger } = deps.people;
    let look = () => {};
    const looked = new Promise<void>((resolve) => {
      look = resolve;
    });
    deps.people.stranger = async (user, team) => {
      if (user === BEN) await looked;
      return stranger(user, team);
    };
    const slow = press(deps, run, BEN);
    expect(await press(deps, run, ANA)).toBeNull();
    await fails(deps, run, H2, NOW + 2000);
    look();
    expect(await slow).toMatch(AGAIN);
    const now = await deps.runs.load(run.id);
    expect(now).toMatchObject({ waves: { now: 1 }, paused: { why: 'trouble' }, continued: [{ by: ANA }] });
    expect(await press(deps, run, BEN)).toBeNull();
  });

  test('does not count for a pause that began while it was on its way', async () => {
    let now = NOW + 1000;
    const { deps, run } = await waiting(() => now);
    await press(deps, run, ANA, NOW + 500);
    await fails(deps, run, H2, NOW + 2000);
    now = NOW + 3000;
    expect(await press(deps, run, BEN, NOW + 1500)).toMatch(AGAIN);
    expect(await press(deps, run, BEN, NOW + 2500)).toBeNull();
    expect(await deps.runs.load(run.id)).toMatchObject({ waves: { now: 2 } });
  });

  test('counts also where the clock of Slack is far behind that of Redis', async () => {
    const { deps, run } = await waiting();
    expect(await press(deps, run, BEN, NOW - 5 * MINUTE)).toBeNull();
  });
});
