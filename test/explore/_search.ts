import { isFinal } from '../../src/domain/run.ts';
import type { Model, Move, World } from './_model.ts';
import { Broken } from './_promises.ts';
import { TICKS } from './_scene.ts';

export interface Limits {
  /** Moves from the beginning. */
  depth?: number;
  states?: number;
  /** Milliseconds. */
  time?: number;
}

/** What was found of a scene. */
export interface Found {
  states: number;
  transitions: number;
  /** Moves to the deepest state. */
  depth: number;
  /** Every order of so many moves was explored; of all that there are, where nothing was left. */
  complete: number;
  /** A promise that does not hold, and the shortest way to it. */
  broken: { what: string; trace: Move[] } | null;
  /** The shortest way to every state, by its number. */
  traceTo(state: number): Move[];
  worldOf(state: number): World;
  /** Of states at which everything had ended. */
  ends: number[];
}

/** Breadth first, so that whatever is found is found by the shortest way. */
export async function explore(model: Model, limits: Limits = {}): Promise<Found> {
  const { depth: most = Infinity, states: room = Infinity, time = Infinity } = limits;
  const since = performance.now();
  const numbers = new Map<string, number>();
  const worlds: World[] = [];
  const parents: number[] = [];
  const moves: (Move | null)[] = [];
  const depths: number[] = [];
  const ends: number[] = [];
  let transitions = 0;
  let complete = Number.POSITIVE_INFINITY;
  let broken: Found['broken'] = null;

  function add(world: World, parent: number, move: Move | null): number {
    const key = model.keyOf(world);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, worlds.length);
    worlds.push(world);
    parents.push(parent);
    moves.push(move);
    depths.push(parent < 0 ? 0 : (depths[parent] as number) + 1);
    return worlds.length - 1;
  }
  const traceTo = (state: number): Move[] => {
    const trace: Move[] = [];
    for (let at = state; at > 0; at = parents[at] as number) trace.unshift(moves[at] as Move);
    return trace;
  };

  add(model.first(), -1, null);
  // Each state goes on to its end by one way in which nobody presses and nothing fails.
  const calm: number[] = [];
  for (let at = 0; at < worlds.length && !broken; at++) {
    const world = worlds[at] as World;
    const over = isOver(model, world);
    if (over) ends.push(at);
    if (
      (depths[at] as number) >= most ||
      worlds.length >= room ||
      (at % 1024 === 0 && performance.now() - since > time)
    ) {
      complete = Math.min(complete, depths[at] as number);
      calm[at] = -1;
      continue;
    }
    const possible = model.moves(world);
    const calmest = over ? null : calmMove(model, world, possible);
    for (const move of possible) {
      try {
        const made = model.after(world, move);
        const next = made instanceof Promise ? await made : made;
        transitions++;
        const number = add(next, at, move);
        if (move === calmest) calm[at] = number;
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        broken = { what: error.message, trace: [...traceTo(at), move] };
        break;
      }
    }
    if (over) calm[at] = at;
    else if (!calmest) calm[at] = -1;
  }
  broken ??= await findStuck();

  /** Follows the calm way of every state to its end; beyond the border of what was explored it is made as it goes. */
  async function findStuck(): Promise<Found['broken']> {
    const good = new Uint8Array(worlds.length);
    const beyond = new Set<string>();
    for (let state = 0; state < worlds.length; state++) {
      const path: number[] = [];
      let at = state;
      while (!good[at]) {
        if (path.length > 10_000) return { what: 'a run never ends', trace: traceTo(state) };
        path.push(at);
        const next = calm[at] as number;
        if (next === at) break;
        if (next < 0) {
          const stuck = await walk(worlds[at] as World, beyond);
          if (stuck) return { what: stuck.what, trace: [...traceTo(at), ...stuck.trace] };
          break;
        }
        at = next;
      }
      for (const one of path) good[one] = 1;
    }
    return null;
  }

  async function walk(from: World, good: Set<string>): Promise<Found['broken']> {
    const taken: Move[] = [];
    const path: string[] = [];
    let world = from;
    for (let i = 0; i < 300; i++) {
      const key = model.keyOf(world);
      const known = numbers.get(key);
      if (
        good.has(key) ||
        isOver(model, world) ||
        (known !== undefined && (calm[known] ?? -1) >= 0 && i > 0)
      ) {
        for (const one of path) good.add(one);
        return null;
      }
      path.push(key);
      const move = calmMove(model, world, model.moves(world, TICKS.length - 1));
      if (!move) return { what: 'nothing more can happen, and a run is not over', trace: taken };
      taken.push(move);
      try {
        world = await model.after(world, move);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        return { what: error.message, trace: taken };
      }
    }
    return { what: 'a run never ends', trace: taken };
  }

  const depth = depths.reduce((max, one) => Math.max(max, one), 0);
  return {
    states: worlds.length,
    transitions,
    depth,
    complete: Math.min(complete, depth),
    broken,
    traceTo,
    worldOf: (state) => worlds[state] as World,
    ends,
  };
}

/** Every run has ended, nobody has anything left in hand, and of what came to the agent nothing is unknown. */
export function isOver(model: Model, world: World): boolean {
  return (
    world.hands.length === 0 &&
    world.reports.length === 0 &&
    world.runs.every((number, i) => {
      const { state } = model.tables.runs.valueOf(number);
      return isFinal(state) && (state !== 'unknown' || world.jobs[i] === null);
    })
  );
}

// --- internal ---

/** What goes on by itself: work in hand first, then reports, the agent, the sweep, and time. */
const CALM: readonly ((move: Move) => boolean)[] = [
  (move) => move.do === 'go',
  (move) => move.do === 'speak',
  (move) => move.do === 'begin' && move.task.kind === 'report',
  (move) => move.do === 'tell' || move.do === 'delete' || move.do === 'recover',
  (move) => move.do === 'take',
  (move) => move.do === 'tick',
  (move) => move.do === 'begin' && move.task.kind === 'sweep',
];

function calmMove(model: Model, world: World, possible: readonly Move[]): Move | null {
  for (const fits of CALM) {
    const move = possible.find(
      (one) => fits(one) && !(one.do === 'take' && world.work[one.run - 1] !== 'none'),
    );
    if (move) return move;
  }
  void model;
  return null;
}
