import type { Drift } from './drift.ts';
import type { HostName } from './ids.ts';
import type { CacheOutcome, Outcome, Trouble } from './outcome.ts';
import { type HostPart, isHandedOut, type Run } from './run.ts';

/** Changes one host's part; the same run where nothing changes. */
export function withPart(run: Run, host: HostName, change: (part: HostPart) => HostPart): Run {
  const part = run.hosts[host];
  if (!part) return run;
  const changed = change(part);
  return changed === part ? run : { ...run, hosts: { ...run.hosts, [host]: changed } };
}

/**
 * An item has one outcome: what comes again, after a retransmission, changes nothing. Only `unknown` is replaced, by what
 * is known after all, however late that comes.
 */
export function addOutcomes(part: HostPart, outcomes: readonly Outcome[]): HostPart {
  const corrected = correct(part, outcomes);
  if (!isOpen(part)) return corrected;
  const known = new Set(part.outcomes.map(({ image }) => image));
  // `add` as it goes, so that one report with an image twice counts it once as well.
  const fresh = outcomes.filter(({ image }) => !known.has(image) && known.add(image));
  return fresh.length === 0
    ? corrected
    : close({ ...corrected, stage: 'executing', outcomes: [...corrected.outcomes, ...fresh] });
}

/** The build cache has one outcome as well. */
export function addCache(part: HostPart, cache: CacheOutcome | undefined): HostPart {
  if (!cache) return part;
  if (isOpen(part) && !part.cache) return close({ ...part, stage: 'executing', cache });
  return part.cache?.unknown && !cache.unknown ? settled({ ...part, cache }) : part;
}

/** A host says once that it has changed too much. */
export function addDrift(part: HostPart, drift: Drift): HostPart {
  if (part.drift) return part;
  if (isOpen(part)) return close({ ...part, stage: 'executing', drift });
  return isInDoubt(part) ? { ...part, drift } : part;
}

/** A host's last word; one that comes after its part was broken off adds what it measured. */
export function addFinished(part: HostPart, finished: NonNullable<HostPart['finished']>): HostPart {
  if (part.finished) return part;
  if (part.stage !== 'ended') return close({ ...part, finished });
  return isHandedOut(part) ? { ...part, finished } : part;
}

/** Ends a part without its own word. With `unsent` only one whose job was never handed out. */
export function breakOff(
  part: HostPart,
  { why, outcomes, cache, unsent }: BrokenOff & { unsent?: boolean },
): HostPart {
  if (part.stage === 'ended' || (unsent && isHandedOut(part))) return part;
  return { ...addCache(addOutcomes(part, outcomes), cache), stage: 'ended', trouble: why };
}

/**
 * The agent says that it never began: also where its part was given up meanwhile, if nothing else was heard of it. After a
 * loss an agent says of each job that it took it on, which does not mean that it began.
 */
export function disown(
  part: HostPart,
  { why, outcomes, cache }: BrokenOff,
  { recalled }: Pick<Run, 'recalled'>,
): HostPart {
  if (part.stage === 'planned') return breakOff(part, { why, outcomes, ...(cache && { cache }) });
  const heard = part.finished || part.drift || part.outcomes.some(({ outcome }) => outcome !== 'unknown');
  if (heard) return part;
  if (part.stage === 'executing' && recalled)
    return breakOff(part, { why, outcomes, ...(cache && { cache }) });
  if (part.stage !== 'ended' || !isInDoubt(part)) return part;
  return { ...addCache(addOutcomes(part, outcomes), cache), trouble: why };
}

/** Reports may overtake each other between two bots: a part ends when the last word and all that it is about are in. */
export function close(part: HostPart): HostPart {
  const { finished, outcomes, plan, cache, drift } = part;
  const whole =
    outcomes.length >= (plan?.items ?? 0) &&
    (cache !== undefined || !plan?.cache) &&
    (drift !== undefined || !finished?.stale);
  return finished && whole ? { ...part, stage: 'ended' } : part;
}

// --- internal ---

interface BrokenOff {
  why: Trouble;
  outcomes: readonly Outcome[];
  cache?: CacheOutcome;
}

/** What is told of its execution counts. */
const isOpen = ({ stage }: HostPart): boolean => stage !== 'ended' && stage !== 'waiting';

const isInDoubt = ({ outcomes, cache }: HostPart): boolean =>
  outcomes.some(({ outcome }) => outcome === 'unknown') || (cache?.unknown ?? 0) > 0;

function correct(part: HostPart, outcomes: readonly Outcome[]): HostPart {
  if (!part.outcomes.some(({ outcome }) => outcome === 'unknown')) return part;
  const told = new Map<string, Outcome>();
  for (const one of outcomes) if (one.outcome !== 'unknown' && !told.has(one.image)) told.set(one.image, one);
  const corrected = part.outcomes.map((one) =>
    one.outcome === 'unknown' ? (told.get(one.image) ?? one) : one,
  );
  return corrected.every((one, i) => one === part.outcomes[i])
    ? part
    : settled({ ...part, outcomes: corrected });
}

/** That its agent was not heard of says nothing any more once all is known. */
function settled(part: HostPart): HostPart {
  if (part.stage !== 'ended' || !part.trouble || isInDoubt(part)) return part;
  const { trouble: _, ...rest } = part;
  return rest;
}
