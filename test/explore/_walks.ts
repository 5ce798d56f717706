import type { Random } from '../property/_random.ts';
import type { Model, Move } from './_model.ts';
import { Broken } from './_promises.ts';
import { type Found, isOver } from './_search.ts';

const AGENTS: ReadonlySet<Move['do']> = new Set(['take', 'delete', 'tell', 'recover']);
const RARE: ReadonlySet<Move['do']> = new Set(['tick', 'leave', 'crash', 'restart', 'silence']);

/** One life by chance, from the beginning until all is over or nothing goes on. Throws a `Broken` with its trace. */
export async function wander(model: Model, random: Random, most = 120): Promise<Move[]> {
  const trace: Move[] = [];
  let world = model.first();
  while (trace.length < most && !(isOver(model, world) && random.chance(0.5))) {
    const possible = model.moves(world);
    if (possible.length === 0) break;
    // Mostly what is under way goes on; what would end a life early is rare.
    const usual = possible.filter((move) => !RARE.has(move.do));
    const dice = random.below(20);
    const among =
      dice < 8
        ? usual.filter((move) => move.do === 'go')
        : dice < 12
          ? usual.filter((move) => AGENTS.has(move.do))
          : dice < 19
            ? usual
            : possible;
    const move = random.pick(among.length > 0 ? among : possible);
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

/** A trace for people: what happened, and what became of each run. */
export async function narrate(model: Model, trace: readonly Move[]): Promise<string> {
  let world = model.first();
  const lines: string[] = [];
  for (const move of trace) {
    const place = move.do === 'go' ? model.parts.at(move.place) : null;
    const task = move.do === 'begin' ? move.task : place?.task;
    const what =
      task?.kind === 'press'
        ? model.scene.presses[task.press]
        : task?.kind === 'report'
          ? model.tables.reports.valueOf(task.report).body.kind
          : task;
    lines.push(JSON.stringify({ ...move, place: undefined, task: undefined, what, port: place?.call?.port }));
    try {
      world = await model.after(world, move);
    } catch (error) {
      lines.push(String(error));
      break;
    }
    for (const { id } of model.scene.runs) {
      const { rev, state, approvals, hosts } = model.stored(world, id);
      const parts = Object.values(hosts).map(({ stage, sent, outcomes }) => [
        stage,
        sent,
        ...outcomes.map(({ outcome }) => outcome),
      ]);
      lines.push(
        `    ${JSON.stringify({ id, rev, state, by: approvals.map(({ by }) => by), parts, agent: world.work[id - 1] })}`,
      );
    }
  }
  return lines.join('\n');
}
