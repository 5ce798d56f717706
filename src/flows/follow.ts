import type { RunEvent } from '../domain/event.ts';
import { requested } from '../domain/facts.ts';
import type { RunId, UserId } from '../domain/ids.ts';
import type { Markup } from '../domain/markup.ts';
import type { Run } from '../domain/run.ts';
import type { Person } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';
import { draftRun, type Wanted } from './draft.ts';
import type { Delivered } from './once.ts';

/** Longer than it takes to make a run. */
const GATE_S = 15;
/** Who won writes the mark within a few questions to the store; who lost asks as often before saying less. */
const LOOKS = 20;

/** Somebody's wish for a run that follows from another one. */
export interface Following extends Person, Delivered {
  /** The run that it follows from. */
  run: RunId;
  channel: string;
  replyTo: string;
}

/** What the earlier run keeps of the one that follows. */
export interface Mark {
  by: UserId;
  at: number;
  run: RunId;
}

export interface Way {
  /** Of those who press at once and name the same gate one goes on. */
  gate: string;
  /** Left by somebody whose bot died before the run was there: its number makes it one and the same. */
  unfinished: Mark | undefined;
  markOf(run: Run): Mark | undefined;
  event(mark: Mark): RunEvent;
  wanted: Omit<Wanted, 'requester' | 'team' | 'channel'>;
  /** For those who came too late; without a mark where it can't be seen yet. */
  late(mark?: Mark): Markup;
}

/**
 * Makes the one run that follows from another, of however many who press. Returns what only the presser is told;
 * `null` where a new card follows.
 */
export async function follow(deps: Deps, run: Run, asked: Following, way: Way): Promise<Markup | null> {
  const { unfinished } = way;
  // Should its bot die here, another may soon.
  if (!(await deps.cards.once(run.id, way.gate, GATE_S)))
    return way.late(unfinished ?? (await markLeft(deps, run, way)));
  if (unfinished) return create(deps, unfinished, asked, way);
  const mark = { by: asked.user, at: deps.clock(), run: await deps.runs.reserve() };
  const marked = await advance(deps, run.id, way.event(mark));
  if ('objection' in marked) return marked.objection;
  return create(deps, mark, asked, way);
}

// --- internal ---

async function create(deps: Deps, mark: Mark, { team, channel, replyTo }: Following, way: Way) {
  const draft = draftRun(deps, mark.run, { ...way.wanted, requester: mark.by, team, channel });
  const made = await deps.runs.createAs(draft, requested(draft), replyTo);
  return made ? null : way.late(mark);
}

async function markLeft(deps: Deps, before: Run, way: Way): Promise<Mark | undefined> {
  const known = way.markOf(before)?.run;
  for (let looks = 0; looks < LOOKS; looks++) {
    const now = await deps.runs.load(before.id);
    const mark = now ? way.markOf(now) : undefined;
    if (mark && mark.run !== known) return mark;
  }
  return undefined;
}
