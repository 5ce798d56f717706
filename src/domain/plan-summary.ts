import { z } from 'zod';
import { type Plan, Problem } from './plan.ts';

/** What a run's reducer needs to know of a plan; the plan itself is stored beside the run and never changes. */
export const PlanSummary = z.strictObject({
  digest: z.string(),
  items: z.number(),
  /** Items that are only untagged, and the references that they lose. */
  untag: z.number(),
  untagReferences: z.number(),
  /** Stopped containers that are removed first, each counted once. */
  containers: z.number(),
  /** Records of the build cache. */
  cache: z.number(),
  kept: z.number(),
  reclaim: z.number(),
  irrecoverable: z.number(),
  /** Those of them that have a tag: only these can need an approval. */
  irrecoverableTagged: z.number(),
  problems: z.array(Problem),
});
export type PlanSummary = z.infer<typeof PlanSummary>;

/** The summary of a plan. */
export function summarise(plan: Plan): PlanSummary {
  const untagged = plan.items.filter((item) => item.action === 'untag');
  // What goes from a registry is lost to the hosts that have it.
  const lost = plan.items.filter(
    ({ action, manifest, recoverable }) =>
      action === 'delete' && (manifest ? manifest.on.count > 0 : recoverable === undefined),
  );
  return {
    digest: plan.digest,
    items: plan.items.length,
    untag: untagged.length,
    untagReferences: untagged.reduce((n, item) => n + item.remove.length, 0),
    containers: new Set(plan.items.flatMap(({ containers }) => containers.map(({ id }) => id))).size,
    cache: plan.cache.length,
    kept: plan.kept.length,
    reclaim: plan.reclaim,
    irrecoverable: lost.length,
    irrecoverableTagged: lost.filter((item) => item.references.some((ref) => !ref.includes('@'))).length,
    problems: plan.problems,
  };
}

/** What of a plan is carried out: images and records of the build cache. */
export const workOf = (plan: PlanSummary | undefined): number => (plan ? plan.items + plan.cache : 0);
