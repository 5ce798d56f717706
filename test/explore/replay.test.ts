import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { createScope } from '../../playground/parts/scope.ts';
import { decide } from '../../src/flows/decide.ts';
import { report } from '../../src/flows/report.ts';
import { sweep } from '../../src/flows/sweep.ts';
import type { Redis } from '../../src/store/connect.ts';
import { openRuns } from '../../src/store/runs.ts';
import { randomOf } from '../property/_random.ts';
import { ownRedis } from '../store/_redis.ts';
import { type Model, type Move, openModel } from './_model.ts';
import { replay } from './_replay.ts';
import type { Scene } from './_scene.ts';
import { SCENES } from './_scenes.ts';
import { explore } from './_search.ts';
import { narrate, spanning, wander } from './_walks.ts';

/** Traces of each scene; more by hand: `DIMG_TRACES=3000`; other lives: `DIMG_SEED=17`. */
const TRACES = Number(process.env.DIMG_TRACES ?? 80);
const SEED = Number(process.env.DIMG_SEED ?? 1);
const HOURS_MS = 4 * 3_600_000;
const FLOWS = { decide, report, sweep };

describe.skipIf(skipWithout('traces on a real Redis', 'redis'))(
  'the production code, with a real Redis,',
  () => {
    const own = ownRedis('explore-replay');
    const scope = createScope('explore-agent');
    let bots: Redis[];
    beforeAll(async () => {
      bots = [await own.another(), await own.another()];
    });
    afterAll(() => scope.close());

    /** A shortest way to each of the deepest distinct outcomes, and as many lives by chance. */
    async function tracesOf(model: Model): Promise<Move[][]> {
      const found = await explore(model, { states: 30 * TRACES });
      const traces = spanning(model, found).slice(-TRACES / 2);
      const random = randomOf(SEED);
      while (traces.length < TRACES) traces.push(await wander(model, random));
      return traces;
    }

    async function play(model: Model, trace: Move[], openStore = openRuns): Promise<number> {
      try {
        return (await replay(model, FLOWS, trace, { bots, dir: scope.dir, openStore })).starts;
      } catch (error) {
        if (error instanceof Error) error.message += `\n${await narrate(model, trace)}`;
        throw error;
      }
    }

    test.each(SCENES.map((scene) => [scene.name, scene] as const))(
      'does what the model does: %s',
      async (name, scene) => {
        const model = openModel(scene, FLOWS);
        const since = performance.now();
        let starts = 0;
        const traces = await tracesOf(model);
        for (const trace of traces) starts += await play(model, trace);
        const moves = traces.reduce((sum, trace) => sum + trace.length, 0);
        const seconds = Math.round((performance.now() - since) / 1000);
        if (process.env.DIMG_TRACES)
          console.log(name, JSON.stringify({ traces: traces.length, moves, starts, seconds }));
        expect(starts).toBeGreaterThan(0);
      },
      HOURS_MS,
    );

    test('is found out when its store takes what was made of an old run', async () => {
      const careless: typeof openRuns = (...given) => {
        const runs = openRuns(...given);
        return {
          ...runs,
          async commit(before, after, facts) {
            const now = await runs.load(before.id);
            return runs.commit({ ...before, rev: now?.rev ?? before.rev }, after, facts);
          },
        };
      };
      const model = openModel(SCENES.find(({ name }) => name.includes('one approval')) as Scene, FLOWS);
      const random = randomOf(SEED);
      const lives = async () => {
        for (let i = 0; i < 40; i++) await play(model, await wander(model, random), careless);
      };
      await expect(lives()).rejects.toThrow();
    });
  },
);
