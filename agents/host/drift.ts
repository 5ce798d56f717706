import { driftOf } from '../../src/domain/drift.ts';
import type { ImageId } from '../../src/domain/ids.ts';
import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item, Plan } from '../../src/domain/plan.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import { type Circumstances, whyNot } from './check.ts';
import type { Log } from './ports.ts';
import type { ExecuteJob } from './verify.ts';

/**
 * What of the items is no longer as it was shown, and why: judged in their order, as one by one just before each is
 * touched, but by the inventory alone. Images that are gone are as they were wanted.
 */
export function unmatched(items: readonly Item[], around: Omit<Circumstances, 'gone'>) {
  const found = new Map<ImageId, Trouble>();
  const gone = new Set<ImageId>();
  for (const item of items) {
    const image = around.world.images.get(item.image);
    const holders = around.world.holders.get(item.image) ?? [];
    const live = image && { ...image, taggedAt: image.arrivedAt };
    const why = live ? whyNot(item, { live, holders, removed: [] }, { ...around, gone }) : null;
    if (why) found.set(item.image, why);
    // What is built on it no longer holds it when its own turn comes.
    else if (!live || item.action === 'delete') gone.add(item.image);
  }
  return found;
}

/** Whether so much has changed that nothing of the job may be done. */
export function isStale({ staleOver, items }: ExecuteJob, changed: { size: number }): boolean {
  return staleOver !== undefined && changed.size / items.length > staleOver;
}

/** Reports the difference and leaves everything. `replan` makes the plan that would be proposed now. */
export async function leaveAll(
  job: ExecuteJob,
  changed: ReadonlyMap<ImageId, Trouble>,
  replan: (() => Promise<Plan>) | undefined,
  report: (body: ReportBody) => Promise<void>,
  log: Log,
): Promise<void> {
  log.info('the plan is stale', { job: job.id, items: job.items.length, changed: changed.size });
  const plan = await replan?.().catch((error: Error) => {
    log.warn('no new plan could be made', { job: job.id, error: error.message });
  });
  await report({ kind: 'stale', drift: driftOf(job.items, changed, plan ?? null) });
  const outcomes = job.items.map(
    ({ image }): Outcome => ({
      ...{ image, outcome: 'skipped', removed: [], freed: 0 },
      why: changed.get(image) ?? { kind: 'stale' },
    }),
  );
  await report({ kind: 'outcomes', outcomes });
  const skipped = job.cache.length;
  if (skipped > 0)
    await report({
      kind: 'cache',
      cache: { deleted: 0, skipped, failed: 0, freed: 0, why: { kind: 'stale' } },
    });
}
