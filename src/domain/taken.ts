import type { RunEvent } from './event.ts';
import type { HostName } from './ids.ts';
import type { Outcome } from './outcome.ts';
import { withPart } from './part.ts';
import { workOf } from './plan-summary.ts';
import { type HostPart, isFinal, type Run } from './run.ts';

type Took = Extract<RunEvent, { type: 'took' }>;

/**
 * A host's word that it had taken a job on, where Redis had lost something. Of a run on which nobody has decided, or as
 * nobody would have who could, it means that somebody had: the run goes on, so that what became of it is heard. Of any other
 * run that was never lost it says nothing new.
 */
export function taken(run: Run, took: Took): Run {
  if (isUndecided(run)) return reopened(run, took);
  if (!run.recalled) return run;
  if (run.state === 'executing') return withPart(run, took.host, (part) => begun(part, took));
  return isFinal(run.state) ? withPart(run, took.host, (part) => inDoubt(part, took)) : run;
}

/** No execution of it was ever allowed, as far as Redis knows: no host can have begun, unless Redis has lost a decision. */
export const isUndecided = ({ state, executingSince }: Run): boolean =>
  UNDECIDED.has(state) && executingSince === undefined;

// --- internal ---

const UNDECIDED: ReadonlySet<Run['state']> = new Set<Run['state']>([
  ...(['planning', 'proposed', 'expired', 'refused', 'cancelled', 'denied'] as const),
]);

function begun(part: HostPart, { plan }: Took): HostPart {
  if (part.stage !== 'planned') return part;
  return { ...part, stage: 'executing', plan: part.plan ?? plan };
}

function reopened(run: Run, took: Took): Run {
  if (!run.hosts[took.host]) return run;
  const { endedAt: _, refusal: __, cancel: ___, ...rest } = run;
  // Where one host had begun, others may have.
  const hosts = Object.fromEntries(
    Object.entries(run.hosts).map(([host, part]): [HostName, HostPart] => {
      const name = host as HostName;
      if (part.stage === 'ended' || (part.plan && workOf(part.plan) === 0))
        return [name, { ...part, stage: 'ended' }];
      return [name, { ...part, stage: 'planned', sent: 'execute' }];
    }),
  ) as Run['hosts'];
  const recalled = { at: took.at, from: 'executing' as const };
  const open: Run = { ...rest, hosts, recalled, state: 'executing', executingSince: took.at };
  return withPart(open, took.host, (part) => begun({ ...part, stage: 'planned', sent: 'execute' }, took));
}

/**
 * Ended without a word of what it was about. Where it was given up, each item is in doubt by its name now, and the next
 * words settle it; where the host had said that it never began, none of them went.
 */
function inDoubt(part: HostPart, { plan, images }: Took): HostPart {
  const { stage, trouble } = part;
  if (stage !== 'ended' || !trouble) return part;
  if (trouble.kind !== 'forgotten' && part.outcomes.length > 0) return part;
  const why = trouble;
  const outcome = why.kind === 'forgotten' ? 'unknown' : 'failed';
  const known = new Set(part.outcomes.map(({ image }) => image));
  const unknown = images
    .filter((image) => !known.has(image))
    .map((image): Outcome => ({ image, outcome, removed: [], freed: 0, why }));
  const cache =
    plan.cache > 0 && !part.cache
      ? { cache: { deleted: 0, skipped: 0, failed: 0, freed: 0, why, [outcome]: plan.cache } }
      : {};
  if (unknown.length === 0 && !('cache' in cache)) return part;
  return { ...part, plan: part.plan ?? plan, outcomes: [...part.outcomes, ...unknown], ...cache };
}
