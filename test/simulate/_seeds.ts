import { loadCommands } from '../../src/commands/_load.ts';
import { takeOver } from './_globals.ts';
import { live, type Result } from './_live.ts';
import { draw, type Kinds, type Schedule } from './_schedule.ts';
import { openTrust } from './_trust.ts';

export interface SeedOptions {
  kinds?: Kinds;
  lateWord?: boolean;
  /** Ends at the first violation. */
  first?: boolean;
  /** Milliseconds by a clock that is real; ends when they are over. */
  most?: number;
}
export interface Found {
  seed: number;
  schedule: Schedule;
  violation: string;
}
export interface Tally {
  schedules: number;
  events: number;
  /** Seconds of virtual time. */
  seconds: number;
  runs: number;
  deleted: number;
  unknown: number;
  states: Record<string, number>;
  found: Found[];
}

const realNow = performance.now.bind(performance);

/** Lives through the schedules of these seeds, one after the other. */
export async function liveSeeds(from: number, count: number, options: SeedOptions = {}): Promise<Tally> {
  const { kinds = { forgetful: false }, lateWord = true, first = false, most = Infinity } = options;
  const commands = await loadCommands();
  const tally: Tally = {
    ...{ schedules: 0, events: 0, seconds: 0, runs: 0, deleted: 0, unknown: 0 },
    ...{ states: {}, found: [] },
  };
  const until = realNow() + most;
  const giveBack = takeOver();
  const trust = openTrust();
  try {
    for (let seed = from; seed < from + count && realNow() < until; seed++) {
      const schedule = draw(seed, kinds);
      trust.believe(seed % 32 === 0 ? 'checked' : seed % 32 === 16 ? 'frozen' : 'trusted');
      const result = await live(schedule, { commands, lateWord });
      add(tally, result);
      if (result.violation === null) continue;
      tally.found.push({ seed, schedule, violation: result.violation });
      if (first) break;
    }
  } finally {
    trust.giveBack();
    giveBack();
  }
  return tally;
}

/** One schedule, with all that happened in it. */
export async function relive(
  schedule: Schedule,
  { lateWord = true }: SeedOptions = {},
): Promise<Result & { trace: string[] }> {
  const commands = await loadCommands();
  const trace: string[] = [];
  const giveBack = takeOver(20);
  try {
    const result = await live(schedule, {
      commands,
      lateWord,
      trace: (line) => void trace.push(line),
    });
    return { ...result, trace };
  } finally {
    giveBack();
  }
}

/**
 * Drops faults, commands and presses as long as what is left still breaks the same promise. Numbers in a promise's words
 * may differ.
 */
export async function shrink(
  schedule: Schedule,
  violation: string,
  options: SeedOptions = {},
): Promise<Schedule> {
  let least = schedule;
  const breaks = async (one: Schedule) => {
    const { violation: found } = await relive(one, options);
    return found !== null && shape(found) === shape(violation);
  };
  for (let again = true; again; ) {
    again = false;
    for (const smaller of smallerOnes(least)) {
      if (!(await breaks(smaller))) continue;
      least = smaller;
      again = true;
      break;
    }
  }
  return least;
}

/** What is said of a promise, whatever the run or the image. */
export const shape = (violation: string): string =>
  violation
    .replace(/\b[0-9a-f]{8,}\b/g, '…')
    .replace(/\d+/g, 'N')
    .slice(0, 80);

// --- internal ---

function* smallerOnes(schedule: Schedule): Generator<Schedule> {
  const without = <T>(list: readonly T[], i: number) => list.filter((_, at) => at !== i);
  for (const [i] of schedule.faults.entries()) yield { ...schedule, faults: without(schedule.faults, i) };
  for (const [i] of schedule.acts.entries()) yield { ...schedule, acts: without(schedule.acts, i) };
  for (const [i, act] of schedule.acts.entries())
    for (const [j] of act.moves.entries())
      yield {
        ...schedule,
        acts: schedule.acts.map((one, at) => (at === i ? { ...act, moves: without(act.moves, j) } : one)),
      };
  if (schedule.bots > 1) yield { ...schedule, bots: 1 };
  for (const [i, images] of schedule.hosts.entries())
    if (images.length > 1)
      yield { ...schedule, hosts: schedule.hosts.map((one, at) => (at === i ? one.slice(0, -1) : one)) };
}

function add(tally: Tally, result: Result): void {
  tally.schedules++;
  tally.events += result.events;
  tally.seconds += result.seconds;
  tally.runs += result.runs;
  tally.deleted += result.deleted;
  tally.unknown += result.unknown;
  for (const state of result.states) tally.states[state] = (tally.states[state] ?? 0) + 1;
}
