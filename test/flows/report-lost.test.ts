import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { planDigest } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import type { Run } from '../../src/domain/run.ts';
import { report } from '../../src/flows/report.ts';
import { aHostStatus, anItem, anOutcome, aPart, aPlan, aRun, HOST, id, NOW } from '../domain/_build.ts';
import { ownRedis } from '../store/_redis.ts';
import { botOn, stored } from './_bot.ts';

describe.skipIf(skipWithout('decisions that a Redis lost', 'redis'))(
  'a Redis that lost a decision alone',
  () => {
    const own = ownRedis('flows-report-lost');
    const plan = aPlan([anItem('a'), anItem('b')]);
    const words: ReportBody[] = [
      { kind: 'started' },
      { kind: 'outcomes', outcomes: [anOutcome('a'), anOutcome('b')] },
      { kind: 'finished', tookMs: 1, before: null, after: null, raced: [] },
    ];

    async function told(given: Partial<Run>, part: Parameters<typeof aPart>[0], said: readonly ReportBody[]) {
      const { deps } = botOn(own.redis, { hosts: [aHostStatus(HOST)], now: () => NOW });
      const run = await stored(deps, aRun({ hosts: { [HOST]: aPart(part) }, ...given }));
      await deps.runs.savePlan(run.id, plan);
      const { epoch } = aPart(part);
      const settled: string[] = [];
      for (const [i, body] of said.entries()) {
        const job = `execute-${run.id}-${HOST}`;
        settled.push(await report(deps, { v: 1, host: HOST, epoch, job, seq: i + 1, body }));
      }
      return { settled, run: await deps.runs.load(run.id) };
    }
    const planned = { stage: 'planned', sent: 'plan', plan: summarise(plan) } as const;
    const lost = { recalled: { at: NOW, from: 'proposed' } } as const;

    test.each([
      ['proposed', {}],
      ['expired', lost],
      ['expired', {}],
      ['denied', {}],
    ] as const)('a run that is %s has the end that its host tells of', async (state, more) => {
      const { settled, run } = await told({ state, ...more }, planned, words);
      expect(settled).toEqual(['settled', 'settled', 'settled']);
      expect(run?.state).toBe('done');
      expect(run?.hosts[HOST]?.outcomes.map(({ image }) => image)).toEqual([id('a'), id('b')]);
    });

    test('a host whose plan is lost with it is not thanked, so that it says what it was about', async () => {
      const refused = { state: 'refused', recalled: { at: NOW, from: 'planning' } } as const;
      const { settled, run } = await told(refused, { stage: 'waiting', sent: 'plan' }, words);
      expect(settled).toEqual(['unknown run', 'unknown run', 'unknown run']);
      expect(run?.state).toBe('refused');
      const { items, cache } = plan;
      const took = { kind: 'took', items, cache, planDigest: planDigest(HOST, items, cache) } as const;
      const again = await told(refused, { stage: 'waiting', sent: 'plan' }, [took, ...words]);
      expect(again.settled).toEqual(['settled', 'settled', 'settled', 'settled']);
      expect(again.run?.state).toBe('done');
    });
  },
);
