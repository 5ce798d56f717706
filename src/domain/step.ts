import type { Drift } from './drift.ts';
import { remindAt } from './due.ts';
import type { HostName, RunId, UserId } from './ids.ts';
import { objection } from './objection.ts';
import type { CacheOutcome, Outcome, Trouble } from './outcome.ts';
import { goOn, nextWave, startWaves } from './rollout.ts';
import {
  type HostPart,
  isFinal,
  isHandedOut,
  type PlanSummary,
  type Run,
  type RunState,
  totals,
  workOf,
} from './run.ts';

/** What can happen to a run. `at` in milliseconds. */
export type RunEvent =
  | { type: 'posted'; at: number; card: { channel: string; ts: string } }
  | { type: 'refuse'; at: number; why: string }
  | { type: 'sent'; at: number; hosts: readonly HostName[]; job: 'plan' | 'sending' | 'execute' }
  | { type: 'planned'; at: number; host: HostName; plan: PlanSummary }
  | { type: 'unplanned'; at: number; host: HostName; why: Trouble }
  | { type: 'confirm'; at: number; by: UserId }
  | { type: 'approve'; at: number; by: UserId }
  | { type: 'deny'; at: number; by: UserId; reason?: string }
  | { type: 'cancel'; at: number; by: UserId }
  /** After a pause between two waves. */
  | { type: 'continue'; at: number; by: UserId }
  | { type: 'expire'; at: number }
  /** Half the time of an approval is over. */
  | { type: 'remind'; at: number }
  | { type: 'started'; at: number; host: HostName }
  | { type: 'outcomes'; at: number; host: HostName; outcomes: readonly Outcome[] }
  | { type: 'cache'; at: number; host: HostName; cache: CacheOutcome }
  /** The host has changed too much since the plan: nothing of it is carried out there. */
  | { type: 'stale'; at: number; host: HostName; drift: Drift }
  | { type: 'finished'; at: number; host: HostName; report: NonNullable<HostPart['finished']> }
  /**
   * The host's part is over without its own report; `outcomes` are those of the items that had none yet.
   * `unsent` where this is true only of a job that was never handed out.
   */
  | {
      type: 'broken';
      at: number;
      host: HostName;
      why: Trouble;
      outcomes: readonly Outcome[];
      cache?: CacheOutcome;
      unsent?: boolean;
    }
  /** A run brings back what this one deleted; `after` is the undo before it, if there was one. */
  | { type: 'undo'; at: number; by: UserId; run: RunId; after: RunId | null }
  /** Somebody asks for the same in a new run. */
  | { type: 'again'; at: number; by: UserId; run: RunId };

/**
 * The one reducer. An event that may not happen, or that changes nothing, returns the same run:
 * `objection` has the words for it.
 */
export function step(run: Run, event: RunEvent): Run {
  if (event.type === 'undo')
    return objection(run, event)
      ? run
      : { ...run, undone: [...(run.undone ?? []), { by: event.by, at: event.at, run: event.run }] };
  if (event.type === 'again')
    return objection(run, event) ? run : { ...run, again: { by: event.by, at: event.at, run: event.run } };
  if (isFinal(run.state) || objection(run, event)) return run;
  switch (event.type) {
    case 'posted':
      return run.card ? run : { ...run, card: event.card, planningSince: event.at };
    case 'refuse':
      return run.state === 'planning' ? end({ ...run, refusal: event.why }, 'refused', event.at) : run;
    case 'sent':
      return event.hosts.reduce(
        (sent, host) =>
          withPart(sent, host, (part) =>
            part.sent === event.job || (event.job === 'sending' && !mayHandOut(run, part))
              ? part
              : { ...part, sent: event.job },
          ),
        run,
      );
    case 'planned':
      return settle(planPart(run, event.host, { stage: 'planned', plan: event.plan }), event.at);
    case 'unplanned':
      return settle(planPart(run, event.host, { stage: 'ended', trouble: event.why }), event.at);
    case 'confirm':
      return execute({ ...run, confirmed: { by: event.by, at: event.at } }, event.at);
    case 'approve': {
      const approved = { ...run, approvals: [...run.approvals, { by: event.by, at: event.at }] };
      return approved.approvals.length >= run.policy.count ? execute(approved, event.at) : approved;
    }
    case 'deny': {
      const denied = {
        by: event.by,
        at: event.at,
        ...(event.reason !== undefined && { reason: event.reason }),
      };
      return end({ ...run, denied }, 'denied', event.at);
    }
    case 'cancel': {
      if (run.cancel) return run;
      const cancelled = { ...run, cancel: { by: event.by, at: event.at } };
      return run.state === 'proposed' ? end(cancelled, 'cancelled', event.at) : cancelled;
    }
    case 'continue':
      return nextWave(
        { ...run, continued: [...(run.continued ?? []), { by: event.by, at: event.at }] },
        event.at,
      );
    case 'expire':
      return run.state === 'proposed' && event.at >= (run.expiresAt ?? Infinity)
        ? end(run, 'expired', event.at)
        : run;
    case 'remind':
      return event.at >= (remindAt(run) ?? Infinity) ? { ...run, remindedAt: event.at } : run;
    case 'started':
      return working(run, event.host, (part) =>
        part.stage === 'planned' ? { ...part, stage: 'executing' } : part,
      );
    case 'outcomes':
      return finish(
        working(run, event.host, (part) => addOutcomes(part, event.outcomes)),
        event.at,
      );
    case 'cache':
      return finish(
        working(run, event.host, (part) => addCache(part, event.cache)),
        event.at,
      );
    case 'stale':
      return finish(
        working(run, event.host, (part) => addDrift(part, event.drift)),
        event.at,
      );
    case 'finished':
      return finish(
        working(run, event.host, (part) =>
          part.finished ? part : close({ ...part, finished: event.report }),
        ),
        event.at,
      );
    case 'broken':
      return finish(
        working(run, event.host, (part) =>
          part.stage === 'ended' || (event.unsent && isHandedOut(part))
            ? part
            : {
                ...addCache(addOutcomes(part, event.outcomes), event.cache),
                stage: 'ended',
                trouble: event.why,
              },
        ),
        event.at,
      );
  }
}

// --- internal ---

/** With nothing to go, these mean that the command made no sense here, rather than that there was nothing. */
const BAFFLING: ReadonlySet<string> = new Set(['not-found', 'ambiguous', 'no-disk', 'lost']);

function withPart(run: Run, host: HostName, change: (part: HostPart) => HostPart): Run {
  const part = run.hosts[host];
  if (!part) return run;
  const changed = change(part);
  return changed === part ? run : { ...run, hosts: { ...run.hosts, [host]: changed } };
}

/** An agent's word about an execution means nothing before somebody allowed one. */
function working(run: Run, host: HostName, change: (part: HostPart) => HostPart): Run {
  return run.state === 'executing' ? withPart(run, host, change) : run;
}

/** Of a cancelled run nothing more begins. */
function mayHandOut(run: Run, part: HostPart): boolean {
  return run.state === 'executing' && !run.cancel && part.stage === 'planned' && !isHandedOut(part);
}

function planPart(run: Run, host: HostName, planned: Partial<HostPart>): Run {
  if (run.state !== 'planning') return run;
  return withPart(run, host, (part) => (part.stage === 'waiting' ? { ...part, ...planned } : part));
}

/** An item has one outcome: what comes again, after a retransmission, changes nothing. */
function addOutcomes(part: HostPart, outcomes: readonly Outcome[]): HostPart {
  if (part.stage === 'ended' || part.stage === 'waiting') return part;
  const known = new Set(part.outcomes.map(({ image }) => image));
  // `add` as it goes, so that one report with an image twice counts it once as well.
  const fresh = outcomes.filter(({ image }) => !known.has(image) && known.add(image));
  return fresh.length === 0
    ? part
    : close({ ...part, stage: 'executing', outcomes: [...part.outcomes, ...fresh] });
}

/** The build cache has one outcome as well. */
function addCache(part: HostPart, cache: CacheOutcome | undefined): HostPart {
  if (!cache || part.cache || part.stage === 'ended' || part.stage === 'waiting') return part;
  return close({ ...part, stage: 'executing', cache });
}

function addDrift(part: HostPart, drift: Drift): HostPart {
  if (part.drift || part.stage === 'ended' || part.stage === 'waiting') return part;
  return close({ ...part, stage: 'executing', drift });
}

/** Reports may overtake each other between two bots: a part ends when the last word and all that it is about are in. */
function close(part: HostPart): HostPart {
  const { finished, outcomes, plan, cache, drift } = part;
  const whole =
    outcomes.length >= (plan?.items ?? 0) &&
    (cache !== undefined || !plan?.cache) &&
    (drift !== undefined || !finished?.stale);
  return finished && whole ? { ...part, stage: 'ended' } : part;
}

/** Once every host has answered, or is given up, the run goes on. */
function settle(run: Run, at: number): Run {
  const parts = Object.values(run.hosts);
  if (run.state !== 'planning' || parts.some(({ stage }) => stage === 'waiting')) return run;
  if (totals(run).items === 0) {
    const sensible = parts.some(({ plan }) => plan && !plan.problems.some(({ kind }) => BAFFLING.has(kind)));
    return end(run, sensible ? 'empty' : 'refused', at);
  }
  if (run.dryRun) return end(run, 'done', at);
  const approvalFor = approvalReasons(run);
  const proposed: Run = {
    ...run,
    approvalFor,
    proposedAt: at,
    expiresAt: at + run.policy.expires,
    state: 'proposed',
  };
  return run.skipConfirmation && approvalFor.length === 0 ? execute(proposed, at) : proposed;
}

function approvalReasons(run: Run): Run['approvalFor'] {
  // What goes was decided on before: bringing it back asks nothing more.
  if (run.selection.kind === 'undo') return [];
  const { neededFor } = run.policy;
  const sum = totals(run);
  const hosts = Object.values(run.hosts).filter(({ plan }) => workOf(plan) > 0).length;
  const reasons: Run['approvalFor'] = [];
  if (neededFor.force && run.selection.kind === 'rmi' && run.selection.force) reasons.push('force');
  if (neededFor.stoppedContainers && sum.containers > 0) reasons.push('stopped-containers');
  if (neededFor.irrecoverable && sum.irrecoverableTagged > 0) reasons.push('irrecoverable');
  if (neededFor.reclaimOver !== undefined && sum.reclaim > neededFor.reclaimOver)
    reasons.push('reclaim-over');
  if (neededFor.hostsOver !== undefined && hosts > neededFor.hostsOver) reasons.push('hosts-over');
  return reasons;
}

function execute(run: Run, at: number): Run {
  const hosts = Object.fromEntries(
    Object.entries(run.hosts).map(([host, part]) => [
      host,
      workOf(part.plan) > 0 ? part : { ...part, stage: 'ended' as const },
    ]),
  );
  return startWaves({ ...run, hosts, state: 'executing', executingSince: at }, at);
}

function finish(run: Run, at: number): Run {
  if (run.state !== 'executing') return run;
  if (Object.values(run.hosts).every(({ stage }) => stage === 'ended')) return end(run, verdict(run), at);
  return goOn(run, at);
}

function verdict(run: Run): RunState {
  const sum = totals(run);
  const stopped = Object.values(run.hosts).some(({ outcomes, cache }) =>
    [...outcomes, ...(cache ? [cache] : [])].some(({ why }) => why?.kind === 'cancelled'),
  );
  if (sum.unknown > 0) return 'unknown';
  if (stopped) return 'cancelled';
  if (sum.deleted === 0 && everywhereStale(run)) return 'stale';
  if (sum.failed > 0 && sum.deleted + sum.absent === 0) return 'failed';
  // What a host that was not reached had deleted is not back, so that another undo may follow.
  const missed = run.selection.kind === 'undo' && Object.values(run.hosts).some(({ trouble }) => trouble);
  return sum.failed + sum.skipped > 0 || missed ? 'partial' : 'done';
}

/** On every host that had something to do. */
function everywhereStale(run: Run): boolean {
  const parts = Object.values(run.hosts).filter(({ plan }) => workOf(plan) > 0);
  return parts.length > 0 && parts.every(({ drift }) => drift !== undefined);
}

function end(run: Run, state: RunState, at: number): Run {
  return { ...run, state, endedAt: at };
}
