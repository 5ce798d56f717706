import type { Problem } from './plan.ts';
import { workOf } from './plan-summary.ts';
import type { Run, RunState } from './run.ts';
import { isOfRegistry } from './selection.ts';
import { totals } from './totals.ts';

/** Which rules ask for an approval of what was planned. */
export function approvalReasons(run: Run): Run['approvalFor'] {
  // What goes was decided on before: bringing it back asks nothing more.
  if (run.selection.kind === 'undo') return [];
  const { neededFor } = run.policy;
  const sum = totals(run);
  const hosts = Object.values(run.hosts).filter(({ plan }) => workOf(plan) > 0).length;
  const reasons: Run['approvalFor'] = [];
  if (neededFor.force && run.selection.kind === 'rmi' && run.selection.force) reasons.push('force');
  if (neededFor.stoppedContainers && sum.containers > 0) reasons.push('stopped-containers');
  if (neededFor.registry !== false && isOfRegistry(run.selection)) reasons.push('registry');
  if (neededFor.irrecoverable && sum.irrecoverableTagged > 0) reasons.push('irrecoverable');
  if (neededFor.reclaimOver !== undefined && sum.reclaim > neededFor.reclaimOver)
    reasons.push('reclaim-over');
  if (neededFor.hostsOver !== undefined && hosts > neededFor.hostsOver) reasons.push('hosts-over');
  return reasons;
}

/** How a run ends of which nothing can go: there was nothing, or the command made no sense on any of its hosts. */
export function fruitless(run: Run): 'empty' | 'refused' {
  const sensible = Object.values(run.hosts).some(({ plan }) => plan && !plan.problems.some(isBaffling));
  return sensible ? 'empty' : 'refused';
}

/** How a run ends of which every part has ended. */
export function verdict(run: Run): RunState {
  const sum = totals(run);
  const stopped = Object.values(run.hosts).some(({ outcomes, cache }) =>
    [...outcomes, ...(cache ? [cache] : [])].some(({ why }) => why?.kind === 'cancelled'),
  );
  if (sum.unknown > 0 || untold(run)) return 'unknown';
  if (stopped) return 'cancelled';
  if (sum.deleted === 0 && everywhereStale(run)) return 'stale';
  // Where the plan is lost, nothing but the host's word is left of what it did not begin.
  const unbegun = Object.values(run.hosts).some(
    ({ trouble, outcomes, cache, plan }) => trouble && outcomes.length === 0 && !cache && workOf(plan) > 0,
  );
  if ((sum.failed > 0 || unbegun) && sum.deleted + sum.absent === 0) return 'failed';
  // What a host that was not reached had deleted is not back, so that another undo may follow.
  const missed = run.selection.kind === 'undo' && Object.values(run.hosts).some(({ trouble }) => trouble);
  return sum.failed + sum.skipped > 0 || unbegun || missed ? 'partial' : 'done';
}

// --- internal ---

const BAFFLING: ReadonlySet<string> = new Set([
  ...['not-found', 'ambiguous', 'no-disk', 'lost', 'unheard', 'registry'],
]);

/** With nothing to go, it means that the command made no sense here, rather than that there was nothing. */
const isBaffling = (problem: Problem): boolean =>
  BAFFLING.has(problem.kind) && !(problem.kind === 'unheard' && problem.named);

/** Redis lost a host's part, and with it what would have an outcome. */
function untold(run: Run): boolean {
  return Object.values(run.hosts).some(
    (part) =>
      part.trouble?.kind === 'forgotten' &&
      (!part.plan || part.outcomes.length < part.plan.items || (part.plan.cache > 0 && !part.cache)),
  );
}

/** On every host that had something to do. */
function everywhereStale(run: Run): boolean {
  const parts = Object.values(run.hosts).filter(({ plan }) => workOf(plan) > 0);
  return parts.length > 0 && parts.every(({ drift }) => drift !== undefined);
}
