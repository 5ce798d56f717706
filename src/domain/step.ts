import { remindAt } from './due.ts';
import type { RunEvent } from './event.ts';
import type { HostName } from './ids.ts';
import { objection } from './objection.ts';
import { addCache, addDrift, addFinished, addOutcomes, breakOff, disown, withPart } from './part.ts';
import { workOf } from './plan-summary.ts';
import { goOn, nextWave, startWaves } from './rollout.ts';
import { type HostPart, isFinal, isHandedOut, type Run, type RunState } from './run.ts';
import { taken } from './taken.ts';
import { totals } from './totals.ts';
import { approvalReasons, fruitless, verdict } from './verdict.ts';

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
  if (event.type === 'took') return taken(run, event);
  // A run that ended while Slack was away gets its card all the same.
  if (event.type === 'posted' && isFinal(run.state)) return run.card ? run : { ...run, card: event.card };
  if (isFinal(run.state)) return late(run, event);
  if (objection(run, event)) return run;
  switch (event.type) {
    case 'posted':
      return run.card ? run : { ...run, card: event.card, planningSince: event.at };
    case 'refuse':
      return run.state === 'planning' ? end({ ...run, refusal: event.why }, 'refused', event.at) : run;
    case 'sent':
      return event.hosts.reduce(
        (sent, host) =>
          withPart(sent, host, (part) =>
            SENT.indexOf(event.job) <= SENT.indexOf(part.sent) ||
            (event.job === 'sending' && !mayHandOut(run, part))
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
    default:
      return finish(told(run, event), event.at);
  }
}

// --- internal ---

/** In their order: a bot that tells late that the plan's job is sent takes nothing back of what was sent since. */
const SENT: readonly HostPart['sent'][] = ['nothing', 'plan', 'sending', 'execute'];

/** What is said of an execution, by its agent or in its place. */
type Told = Extract<RunEvent, { type: 'outcomes' | 'cache' | 'stale' | 'finished' | 'broken' | 'disowned' }>;

function told(run: Run, event: Told): Run {
  return working(run, event.host, (part) => {
    switch (event.type) {
      case 'outcomes':
        return addOutcomes(part, event.outcomes);
      case 'cache':
        return addCache(part, event.cache);
      case 'stale':
        return addDrift(part, event.drift);
      case 'finished':
        return addFinished(part, event.report);
      case 'broken':
        return breakOff(part, event);
      case 'disowned':
        return disown(part, event, run);
    }
  });
}

/**
 * The later word of an agent that was silent or started again, or whose engine hung: what was unknown is replaced, and
 * with it how the run ended. Nothing else of a run that is over ever changes.
 */
function late(run: Run, event: RunEvent): Run {
  switch (event.type) {
    case 'outcomes':
    case 'cache':
    case 'stale':
    case 'finished':
    case 'disowned': {
      if (run.hosts[event.host]?.stage !== 'ended') return run;
      const after = told(run, event);
      if (after === run || run.state !== 'unknown') return after;
      const state = verdict(after);
      return state === run.state ? after : { ...after, state };
    }
    default:
      return run;
  }
}

/** An agent's word about an execution means nothing before somebody allowed one. */
function working(run: Run, host: HostName, change: (part: HostPart) => HostPart): Run {
  return run.state === 'executing' || isFinal(run.state) ? withPart(run, host, change) : run;
}

/** Of a cancelled run nothing more begins. */
function mayHandOut(run: Run, part: HostPart): boolean {
  return run.state === 'executing' && !run.cancel && part.stage === 'planned' && !isHandedOut(part);
}

function planPart(run: Run, host: HostName, planned: Partial<HostPart>): Run {
  if (run.state !== 'planning') return run;
  return withPart(run, host, (part) => (part.stage === 'waiting' ? { ...part, ...planned } : part));
}

/** Once every host has answered, or is given up, the run goes on. */
function settle(run: Run, at: number): Run {
  const parts = Object.values(run.hosts);
  if (run.state !== 'planning' || parts.some(({ stage }) => stage === 'waiting')) return run;
  if (totals(run).items === 0) return end(run, fruitless(run), at);
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

function end(run: Run, state: RunState, at: number): Run {
  return { ...run, state, endedAt: at };
}
