import type { RunEvent } from '../domain/event.ts';
import { factsOf, requested } from '../domain/facts.ts';
import type { RunId, UserId } from '../domain/ids.ts';
import type { Markup } from '../domain/markup.ts';
import { noRun, objection } from '../domain/objection.ts';
import type { Run } from '../domain/run.ts';
import { step } from '../domain/step.ts';
import type { Person } from '../ports.ts';
import type { Deps } from './_deps.ts';
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
  /** Left by a bot from before, which stored it ahead of the run and died: its number makes it one and the same. */
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
  // Should its bot die here, the same press goes on when it is delivered again, and another may soon.
  if (!(await deps.cards.mine(run.id, way.gate, asked.delivery, GATE_S)))
    return way.late(way.unfinished ?? (await markLeft(deps, run, way)));
  let made = false;
  try {
    const words = await make(deps, run, asked, way);
    made = words === null;
    return words;
  } finally {
    // Whoever tries again soon must not be told that somebody is at it. Without Redis it passes by itself.
    if (!made) await deps.cards.mark(run.id, way.gate, asked.delivery, null).catch(() => undefined);
  }
}

// --- internal ---

async function make(deps: Deps, run: Run, asked: Following, way: Way): Promise<Markup | null> {
  const { unfinished } = way;
  if (unfinished) {
    const draft = drafted(deps, unfinished, asked, way);
    return (await deps.runs.createAs(draft, requested(draft), asked.replyTo)) ? null : way.late(unfinished);
  }
  const mark = { by: asked.user, at: deps.clock(), run: await deps.runs.reserve() };
  return begin(deps, run.id, asked, way, mark);
}

const drafted = (deps: Deps, mark: Mark, { team, channel }: Following, way: Way): Run =>
  draftRun(deps, mark.run, { ...way.wanted, requester: mark.by, team, channel });

/** The mark and the run that it names are stored together, so that neither is there without the other. */
async function begin(deps: Deps, id: RunId, asked: Following, way: Way, mark: Mark): Promise<Markup | null> {
  const event = way.event(mark);
  for (;;) {
    const before = await deps.runs.load(id);
    if (!before) return noRun(id);
    const refusal = objection(before, event);
    if (refusal) return refusal;
    const after = step(before, event);
    const draft = drafted(deps, mark, asked, way);
    const stored = await deps.runs.commitWith(
      before,
      after,
      factsOf(before, after, mark.at, () => []),
      {
        ...{ run: draft, facts: requested(draft), replyTo: asked.replyTo },
      },
    );
    if (stored) return null;
  }
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
