import type { Drift } from './drift.ts';
import type { HostName } from './ids.ts';
import type { CacheOutcome, Outcome } from './outcome.ts';
import type { HostPart, Run } from './run.ts';

/** Changes one host's part; the same run where nothing changes. */
export function withPart(run: Run, host: HostName, change: (part: HostPart) => HostPart): Run {
  const part = run.hosts[host];
  if (!part) return run;
  const changed = change(part);
  return changed === part ? run : { ...run, hosts: { ...run.hosts, [host]: changed } };
}

/** An item has one outcome: what comes again, after a retransmission, changes nothing. */
export function addOutcomes(part: HostPart, outcomes: readonly Outcome[]): HostPart {
  if (!isOpen(part)) return part;
  const known = new Set(part.outcomes.map(({ image }) => image));
  // `add` as it goes, so that one report with an image twice counts it once as well.
  const fresh = outcomes.filter(({ image }) => !known.has(image) && known.add(image));
  return fresh.length === 0
    ? part
    : close({ ...part, stage: 'executing', outcomes: [...part.outcomes, ...fresh] });
}

/** The build cache has one outcome as well. */
export function addCache(part: HostPart, cache: CacheOutcome | undefined): HostPart {
  if (!cache || part.cache || !isOpen(part)) return part;
  return close({ ...part, stage: 'executing', cache });
}

/** A host says once that it has changed too much. */
export function addDrift(part: HostPart, drift: Drift): HostPart {
  if (part.drift || !isOpen(part)) return part;
  return close({ ...part, stage: 'executing', drift });
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

/** What is told of its execution counts. */
const isOpen = ({ stage }: HostPart): boolean => stage !== 'ended' && stage !== 'waiting';
