import { describe, expect, test } from 'vitest';
import { decide } from '../../src/flows/decide.ts';
import { report } from '../../src/flows/report.ts';
import { sweep } from '../../src/flows/sweep.ts';
import { randomOf } from '../property/_random.ts';
import { openModel } from './_model.ts';
import { SCENES } from './_scenes.ts';
import { explore } from './_search.ts';
import { narrate, wander } from './_walks.ts';

/** Deeper by hand: `DIMG_DEPTH=2` is two moves more, `DIMG_STATES=1000000` as deep as so many states of each scene reach. */
const DEEPER = Number(process.env.DIMG_DEPTH ?? 0);
const STATES = process.env.DIMG_STATES === undefined ? undefined : Number(process.env.DIMG_STATES);
/** Lives by chance in each scene, from beginning to end. */
const LIVES = Number(process.env.DIMG_LIVES ?? 200);
const SEED = Number(process.env.DIMG_SEED ?? 1);
const HOURS_MS = 4 * 3_600_000;

const named = SCENES.map((scene) => {
  const most = scene.moves + DEEPER;
  const depth = Number.isFinite(scene.moves)
    ? `${STATES ? `${STATES} states` : `${most} moves`} deep`
    : 'whole';
  return [depth, scene.name, { scene, most }] as const;
});

describe('no deletion starts without what it needs, and every run can end, in every order of', () => {
  test.each(named)(
    '(%s) %s',
    async (_depth, name, { scene, most }) => {
      const model = openModel(scene, { decide, report, sweep });
      const since = performance.now();
      const found = await explore(model, STATES ? { states: STATES } : { depth: most });
      const seconds = Math.round((performance.now() - since) / 1000);
      const { states, transitions, depth, complete } = found;
      if (STATES || DEEPER)
        console.log(name, JSON.stringify({ states, transitions, complete, depth, seconds }));
      expect(found.broken && `${found.broken.what}\n${await narrate(model, found.broken.trace)}`).toBeNull();
      if (!STATES) expect(complete).toBe(Number.isFinite(most) ? most : depth);
      expect(states).toBeGreaterThan(10_000);
    },
    HOURS_MS,
  );

  test.each(SCENES.map((scene) => [scene.name, scene] as const))(
    'lives by chance: %s',
    async (_, scene) => {
      const model = openModel(scene, { decide, report, sweep });
      const random = randomOf(SEED);
      let deletions = 0;
      for (let i = 0; i < LIVES; i++)
        deletions += (await wander(model, random)).filter((move) => move.do === 'delete').length;
      expect(deletions).toBeGreaterThan(LIVES / 40);
    },
    HOURS_MS,
  );
});
