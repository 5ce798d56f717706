import type { Entry, Fact } from './audit.ts';
import { factsOf } from './facts.ts';
import { fold } from './recall-entries.ts';
import { type HostPart, isFinal, type Run } from './run.ts';
import { step } from './step.ts';

/** A run as its card remembers it. */
export interface Remembered {
  run: Run;
  /** Outcomes were left out, since they would have been too long. */
  short: boolean;
}

/** A run to be stored again, and what the audit is to hold of that. */
export interface Recalled {
  run: Run;
  facts: Fact[];
  /** How it was last known, and whether people must be told. */
  before: Run;
}

/** Said of what was lost before anybody could decide on it. */
export const LOST_PLANNING = 'Redis lost it while it was being planned, so nothing was deleted: ask again';

/**
 * What becomes of a run that Redis has lost, or has as it was earlier: by its card, by entries of the audit that are newer
 * than both, and by what is stored. Nothing of it can be decided on or started any more; what may have been started goes on,
 * so that its hosts can tell. `null` where the stored run is the newest that is known.
 */
export function recall(
  stored: Run | null,
  card: Remembered | null,
  entries: readonly Entry[],
  at: number,
): Recalled | null {
  const known =
    card && (!stored || card.run.rev > stored.rev) ? card : stored && { run: stored, short: false };
  if (!known) return null;
  const before = fold(known.run, entries, known.short);
  if (stored && before === stored) return null;
  const rev = Math.max(before.rev, stored?.rev ?? 0);
  if (isFinal(before.state)) {
    // Where the audit knows more than its card, that is an older revision, and is written again.
    if (!stored)
      return { run: before === known.run ? before : { ...before, rev: rev + 1 }, facts: [], before };
    // Another revision than any that is out there: what was read earlier must not be stored over it.
    const run = { ...before, rev: rev + 1, recalled: { at, from: before.state } };
    return { run, facts: [putBack(run, before, at)], before };
  }
  const run = { ...settled(before, at), rev: rev + 1 };
  return { run, facts: [putBack(run, before, at), ...factsOf(before, run, at, () => [])], before };
}

// --- internal ---

function putBack({ id, state }: Run, before: Run, at: number): Fact {
  return {
    at,
    run: id,
    kind: 'recalled',
    state,
    reason: `Redis had lost it; it was last known as ${before.state}`,
  };
}

function settled(before: Run, at: number): Run {
  const run: Run = { ...before, recalled: { at, from: before.state } };
  switch (run.state) {
    case 'planning':
      return step(run, { type: 'refuse', at, why: LOST_PLANNING });
    case 'proposed':
      // Its plan is not what Redis has any more: whoever still wants it asks again, and sees a new one.
      return { ...run, state: 'expired', endedAt: at };
    default:
      return goOn(run);
  }
}

/** Whatever has not ended may have been handed out since: its host tells, or it becomes unknown. */
function goOn(run: Run): Run {
  const { waves: _, paused: __, ...rest } = run;
  const hosts = Object.fromEntries(
    Object.entries(run.hosts).map(([host, part]): [string, HostPart] => [
      host,
      part.stage === 'ended' ? part : { ...part, stage: 'planned', sent: 'execute' },
    ]),
  );
  return { ...rest, hosts };
}
