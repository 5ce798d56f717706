import { type CacheOutcome, isUncounted, type Outcome } from './outcome.ts';
import { type PlanSummary, workOf } from './plan-summary.ts';
import type { Run } from './run.ts';
import { isOfRegistry } from './selection.ts';

/** Sums over all hosts of a run. */
export function totals(run: Run) {
  const parts = Object.values(run.hosts);
  const outcomes = parts.flatMap((part) => part.outcomes);
  const sum = (pick: (plan: PlanSummary) => number) =>
    parts.reduce((n, { plan }) => n + (plan ? pick(plan) : 0), 0);
  const count = (...kinds: Outcome['outcome'][]) =>
    outcomes.filter(({ outcome }) => kinds.includes(outcome)).length;
  const caches = parts.flatMap(({ cache }) => cache ?? []);
  const cached = (pick: (cache: CacheOutcome) => number) => caches.reduce((n, cache) => n + pick(cache), 0);
  return {
    /** What is counted. */
    noun: isOfRegistry(run.selection) ? ('manifest' as const) : ('image' as const),
    /** Images and records of the build cache. */
    items: sum(workOf),
    untag: sum((plan) => plan.untag),
    untagReferences: sum((plan) => plan.untagReferences),
    containers: sum((plan) => plan.containers),
    cache: sum((plan) => plan.cache),
    kept: sum((plan) => plan.kept),
    reclaim: sum((plan) => plan.reclaim),
    irrecoverable: sum((plan) => plan.irrecoverable),
    irrecoverableTagged: sum((plan) => plan.irrecoverableTagged),
    /** Done as planned: deleted, untagged or, of an undo, restored; records of the build cache as well. */
    deleted: count('deleted', 'untagged', 'restored') + cached(({ deleted }) => deleted),
    /** Those of them that were only untagged. */
    untagged: count('untagged'),
    absent: count('absent'),
    skipped: count('skipped') + cached(({ skipped }) => skipped),
    failed: count('failed') + cached(({ failed }) => failed),
    unknown: count('unknown') + cached(({ unknown = 0 }) => unknown),
    settled:
      outcomes.length +
      cached(({ deleted, skipped, failed, unknown = 0 }) => deleted + skipped + failed + unknown),
    freed: outcomes.reduce((n, { freed }) => n + freed, 0) + cached(({ freed }) => freed),
    /** Deleted images of which nobody can say any more what that freed. */
    uncounted: outcomes.filter(isUncounted).length,
  };
}
