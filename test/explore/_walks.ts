import type { Random } from '../property/_random.ts';
import type { Model, Move } from './_model.ts';
import { Broken } from './_promises.ts';
import { type Found, isOver } from './_search.ts';

/** One life by chance, from the beginning until all is over or nothing goes on. Throws a `Broken` with its trace. */
export async function wander(model: Model, random: Random, most = 120): Promise<Move[]> {
  const trace: Move[] = [];
  let world = model.first();
  while (trace.length < most && !(isOver(model, world) && random.chance(0.5))) {
    const possible = model.moves(world);
    if (possible.length === 0) break;
    // What goes on by itself is as likely as all that people and accidents do.
    const going = possible.filter((move) => move.do === 'go');
    const move = random.pick(going.length > 0 && random.chance(0.5) ? going : possible);
    trace.push(move);
    try {
      world = await model.after(world, move);
    } catch (error) {
      if (error instanceof Broken) throw new Broken(`${error.message}: ${JSON.stringify(trace)}`);
      throw error;
    }
  }
  return trace;
}

/** The shortest way to each outcome that differs in what people, the agent or the audit would tell. */
export function spanning(model: Model, found: Found): Move[][] {
  const seen = new Set<string>();
  const traces: Move[][] = [];
  for (let state = 0; state < found.states; state++) {
    const world = found.worldOf(state);
    const key = JSON.stringify([
      world.runs.map((run) => ({ ...model.tables.runs.valueOf(run), rev: 0 })),
      world.work,
      world.flags,
      world.saved,
      world.jobs,
      world.hands.map(({ place }) => model.parts.at(place).call?.port),
    ]);
    if (seen.has(key)) continue;
    seen.add(key);
    traces.push(found.traceTo(state));
  }
  return traces;
}
