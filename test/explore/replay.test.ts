import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { createScope } from '../../playground/parts/scope.ts';
import { decide } from '../../src/flows/decide.ts';
import { report } from '../../src/flows/report.ts';
import { sweep } from '../../src/flows/sweep.ts';
import type { Redis } from '../../src/store/connect.ts';
import { randomOf } from '../property/_random.ts';
import { ownRedis } from '../store/_redis.ts';
import { openModel } from './_model.ts';
import { replay } from './_replay.ts';
import { SCENES } from './_scenes.ts';
import { explore } from './_search.ts';
import { spanning, wander } from './_walks.ts';

/** Traces of each scene; more by hand: `DIMG_TRACES=4000`; other ones: `DIMG_SEED=17`. */
const TRACES = Number(process.env.DIMG_TRACES ?? 100);
const SEED = Number(process.env.DIMG_SEED ?? 1);

describe.skipIf(skipWithout('traces on a real Redis', 'redis'))(
  'on the production code with a real Redis',
  () => {
    const own = ownRedis('explore-replay');
    const scope = createScope('explore-agent');
    let bots: Redis[];
    beforeAll(async () => {
      bots = [await own.another(), await own.another()];
    });
    afterAll(() => scope.close());

    test.each(SCENES.map((scene) => [scene.name, scene] as const))(
      '%s',
      async (_, scene) => {
        const flows = { decide, report, sweep };
        const model = openModel(scene, flows);
        const since = performance.now();
        const found = await explore(model, { states: 40 * TRACES });
        const shortest = spanning(model, found)
          .toReversed()
          .slice(0, TRACES / 2);
        const random = randomOf(SEED);
        const traces = [...shortest];
        while (traces.length < TRACES) traces.push(await wander(model, random));
        let starts = 0;
        for (const trace of traces) {
          try {
            starts += (await replay(model, flows, trace, { bots, dir: scope.dir })).starts;
          } catch (error) {
            console.log(trace.map((move) => JSON.stringify(move)).join('\n'));
            throw error;
          }
        }
        console.log(
          scene.name,
          traces.length,
          shortest.length,
          starts,
          traces.reduce((n, t) => n + t.length, 0),
          performance.now() - since,
        );
        expect(starts).toBeGreaterThan(0);
      },
      3_600_000,
    );
  },
);
