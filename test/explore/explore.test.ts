import { describe, expect, test } from 'vitest';
import { decide } from '../../src/flows/decide.ts';
import { report } from '../../src/flows/report.ts';
import { sweep } from '../../src/flows/sweep.ts';
import { openModel } from './_model.ts';
import { explore } from './_search.ts';
import { SCENES } from './_scenes.ts';

const STATES = Number(process.env.DIMG_STATES ?? 20_000);
const DEPTH = Number(process.env.DIMG_DEPTH ?? 100);

describe('every order of events', () => {
  test.each(SCENES.map((scene) => [scene.name, scene] as const))('%s', async (_, scene) => {
    const model = openModel(scene, { decide, report, sweep });
    const since = performance.now();
    const found = await explore(model, { states: STATES, depth: DEPTH });
    const ms = performance.now() - since;
    console.log(scene.name, { ...found, traceTo: 0, worldOf: 0, ends: found.ends.length, ms, places: model.parts.size, runs: model.tables.runs.size });
    if (found.broken) console.log(found.broken.what, found.broken.trace.map((m) => JSON.stringify(m)).join('\n'));
    expect(found.broken).toBeNull();
  }, 3_600_000);
});
