import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { HostPart, Run } from '../../src/domain/run.ts';
import { advance } from '../../src/flows/advance.ts';
import { openQuiet } from '../../src/flows/quiet.ts';
import { report } from '../../src/flows/report.ts';
import { sweep } from '../../src/flows/sweep.ts';
import {
  aDrift,
  aHostStatus,
  anItem,
  anOutcome,
  aPart,
  aPlan,
  aRun,
  HOST,
  id,
  NOW,
} from '../domain/_build.ts';
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

  test('before its job was handed out did nothing', async () => {
    let now = NOW;
    const { deps } = botOn(own.redis, { hosts: [aHostStatus(HOST)], now: () => now });
    const planned = aPart({ stage: 'planned', sent: 'plan', plan: summarise(plan) });
    const run = await stored(
      deps,
      aRun({ state: 'executing', executingSince: NOW, hosts: { [HOST]: planned } }),
    );
    await deps.runs.savePlan(run.id, plan);
    now += 60_000;
    await sweep(deps);
    const end = await deps.runs.load(run.id);
    expect(end?.state).toBe('failed');
    expect(end?.hosts[HOST]?.outcomes).toMatchObject([
      { image: id('a'), outcome: 'failed', why: { kind: 'offline', seenAt: NOW } },
      { image: id('b'), outcome: 'failed', why: { kind: 'offline', seenAt: NOW } },
    ]);
  });
});

describe.skipIf(skipWithout('agents that say nothing', 'redis'))(
  'an agent that lives and says nothing',
  () => {
    const own = ownRedis('flows-quiet');

    test('is asked again after some minutes, and once in as many; any change puts it off', async () => {
      let now = NOW;
      const hosts = [aHostStatus(HOST)];
      const { deps, jobs } = botOn(own.redis, { hosts, now: () => now });
      deps.quiet = openQuiet(() => now);
      const plan = aPlan([anItem('a'), anItem('b')]);
      const part = aPart({ stage: 'executing', sent: 'execute', plan: summarise(plan), epoch: 'epoch-1' });
      const run = await stored(
        deps,
        aRun({ state: 'executing', executingSince: NOW, hosts: { [HOST]: part } }),
      );
      await deps.runs.savePlan(run.id, plan);
      const after = async (ms: number) => {
        now += ms;
        hosts[0] = aHostStatus(HOST, { seenAt: now });
        await sweep(deps);
        return jobs.splice(0).map(({ id }) => id);
      };
      expect(await after(10_000)).toEqual([]);
      expect(await after(299_000)).toEqual([]);
      expect(await after(4_000)).toEqual([`execute-${run.id}-${HOST}`]);
      expect(await after(200_000)).toEqual([]);
      expect(await after(200_000)).toEqual([`execute-${run.id}-${HOST}`]);
      await advance(deps, run.id, { type: 'outcomes', at: now, host: HOST, outcomes: [anOutcome('a')] });
      expect(await after(200_000)).toEqual([]);
      expect(await after(200_000)).toEqual([]);
      expect(await after(200_000)).toHaveLength(1);
    });
  },
);

describe.skipIf(skipWithout('agents that are started again', 'redis'))(
  'an agent that was started again',
  () => {
    const own = ownRedis('flows-restarted');
    const plan = aPlan([anItem('a'), anItem('b')], {
      cache: [{ id: 'c', about: '', usedAt: NOW, reclaim: 1 }],
    });
    const part = aPart({ stage: 'executing', sent: 'execute', plan: summarise(plan) });
    const job = (run: Run) => ({ v: 1, host: HOST, job: `execute-${run.id}-${HOST}`, seq: 1 }) as const;
    let now = NOW;
    const begin = async (given: Partial<HostPart> = {}) => {
      now = NOW;
      const status = aHostStatus(HOST);
      const { deps } = botOn(own.redis, { hosts: [status], now: () => now });
      const run = await stored(
        deps,
        aRun({ state: 'executing', executingSince: NOW, hosts: { [HOST]: { ...part, ...given } } }),
      );
      await deps.runs.savePlan(run.id, plan);
      const after = async (ms: number) => {
        now += ms;
        Object.assign(status, { epoch: 'epoch-2', seenAt: now });
        await sweep(deps);
        return deps.runs.load(run.id);
      };
      return { deps, run, after };
    };
    const outcomes = [anOutcome('a'), anOutcome('b', 'skipped')];
    const cache = { deleted: 1, skipped: 0, failed: 0, freed: 1 };

    test('has a moment for what its journal knows, in which its run goes on', async () => {
      const { deps, run, after } = await begin();
      expect((await after(4_000))?.state).toBe('executing');
      const other = botOn(own.redis, {
        hosts: [aHostStatus(HOST, { epoch: 'epoch-2', seenAt: now })],
        now: () => now,
      });
      await sweep(other.deps);
      expect((await after(4_000))?.state).toBe('executing');
      // Said by the agent's later start, as the word of the one that the job was made for.
      await report(deps, { ...job(run), epoch: 'epoch-1', body: { kind: 'outcomes', outcomes } });
      await report(deps, { ...job(run), epoch: 'epoch-1', body: { kind: 'cache', cache } });
      const finished = {
        kind: 'finished',
        tookMs: 1,
        before: null,
        after: null,
        raced: [] as string[],
      } as const;
      expect(await report(deps, { ...job(run), epoch: 'epoch-1', body: finished })).toBe('settled');
      expect((await deps.runs.load(run.id))?.state).toBe('partial');
    });

    test('and says nothing leaves all of it unknown; what it says later counts', async () => {
      const { deps, run, after } = await begin();
      await after(4_000);
      const end = await after(10_000);
      expect(end).toMatchObject({
        state: 'unknown',
        hosts: { [HOST]: { trouble: { kind: 'restarted' }, cache: { unknown: 1, failed: 0 } } },
      });
      await report(deps, { ...job(run), epoch: 'epoch-2', body: { kind: 'outcomes', outcomes } });
      expect(await deps.runs.load(run.id)).toEqual(end);
      await report(deps, { ...job(run), epoch: 'epoch-1', body: { kind: 'outcomes', outcomes } });
      await report(deps, { ...job(run), epoch: 'epoch-1', body: { kind: 'cache', cache } });
      const known = await deps.runs.load(run.id);
      expect(known).toMatchObject({ state: 'partial', hosts: { [HOST]: { outcomes, cache } } });
      // Its card is to be written again, and nothing more is waited for.
      expect(await own.redis.zscore('{dimg}:cards', String(run.id))).not.toBeNull();
      expect(await deps.runs.open()).not.toContain(run.id);
      const entries = (await deps.audit.read({ count: 10 }))
        .toReversed()
        .filter((entry) => entry.run === run.id);
      expect(entries.map(({ kind, outcome, state }) => `${kind} ${outcome ?? state}`)).toEqual([
        ...['outcome unknown', 'outcome unknown', 'outcome unknown', 'ended unknown'],
        ...['outcome deleted', 'outcome skipped', 'outcome deleted', 'ended partial'],
      ]);
    });

    test('ends its part at once where it says that it never took the job', async () => {
      const { deps, run } = await begin({ stage: 'planned' });
      const refused = { kind: 'refused', why: { kind: 'restarted' } } as const;
      await report(deps, { ...job(run), epoch: 'epoch-2', body: refused });
      expect(await deps.runs.load(run.id)).toMatchObject({
        state: 'failed',
        hosts: { [HOST]: { trouble: { kind: 'restarted' }, cache: { failed: 1 } } },
      });
    });

    test.each([
      [{ kind: 'restarted' } as const, 'failed'],
      // Also said of what had begun before it went wrong.
      [{ kind: 'engine', message: 'x' } as const, 'unknown'],
    ])('and says so later of a run that was given up (%j)', async (why, state) => {
      const { deps, run, after } = await begin({ stage: 'planned', sent: 'sending' });
      await after(4_000);
      expect((await after(11_000))?.state).toBe('unknown');
      const epoch = why.kind === 'restarted' ? 'epoch-2' : 'epoch-1';
      await report(deps, { ...job(run), epoch, body: { kind: 'refused', why } });
      expect((await deps.runs.load(run.id))?.state).toBe(state);
    });

    test('has no say in a run that nobody knows of: it may be put back', async () => {
      const { deps } = await begin();
      const told = {
        ...job(aRun()),
        job: `execute-9999-${HOST}`,
        epoch: 'e',
        body: { kind: 'started' } as const,
      };
      expect(await report(deps, told)).toBe('unknown run');
    });
  },
);

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
