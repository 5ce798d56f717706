import { describe, expect, test } from 'vitest';
import { decide } from '../../src/flows/decide.ts';
import { report } from '../../src/flows/report.ts';
import { sweep } from '../../src/flows/sweep.ts';
import { openModel } from './_model.ts';
import { explore } from './_search.ts';
import { SCENES } from './_scenes.ts';

const STATES = Number(process.env.DIMG_STATES ?? 20_000);
const DEPTH = Number(process.env.DIMG_DEPTH ?? 100);

async function narrate(model: ReturnType<typeof openModel>, trace: any[]) {
  let world = model.first();
  const lines = [];
  for (const move of trace) {
    const at = move.place === undefined ? '' : JSON.stringify([model.parts.at(move.place).task, model.parts.at(move.place).call]);
    const rep = move.task?.kind === 'report' ? JSON.stringify(model.tables.reports.valueOf(move.task.report).body).slice(0,80) : '';
    lines.push(`${move.do} ${move.bot ?? ''} ${move.run ?? ''} ${JSON.stringify(move.task ?? '')} ${rep} ${at}`);
    try { world = await model.after(world, move); } catch (e) { lines.push(String(e)); break; }
    lines.push('    ' + world.runs.map((r) => { const x = model.tables.runs.valueOf(r); const p = Object.values(x.hosts)[0]; return `${x.rev} ${x.state} ${p?.stage} ${p?.sent} ${JSON.stringify(p?.outcomes.map((o) => o.outcome))} `; }).join(' ; ') + JSON.stringify([world.work, world.reports, world.silent, world.epoch]));
  }
  return lines.join('\n');
}

describe('every order of events', () => {
  test.each(SCENES.map((scene) => [scene.name, scene] as const))('%s', async (_, scene) => {
    const model = openModel(scene, { decide, report, sweep });
    const since = performance.now();
    const found = await explore(model, { states: STATES, depth: DEPTH });
    const ms = performance.now() - since;
    console.log(scene.name, { ...found, traceTo: 0, worldOf: 0, ends: found.ends.length, ms, places: model.parts.size, runs: model.tables.runs.size });
    if (found.broken) console.log(await narrate(model, found.broken.trace), found.broken.what, found.broken.trace.map((m) => JSON.stringify(m)).join('\n'));
    expect(found.broken).toBeNull();
  }, 3_600_000);
});
