import type { ImageId } from '../../src/domain/ids.ts';
import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item, Plan } from '../../src/domain/plan.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import { isStale, leaveAll } from '../host/drift.ts';
import { eachOf } from '../host/each.ts';
import { type Execution, ended, guard, leftOut, noted, withinLimits } from '../host/execution.ts';
import { unlessHurried } from '../host/look-up.ts';
import { openProgress } from '../host/progress.ts';
import type { ExecuteJob } from '../host/verify.ts';
import { carryOutThere } from './carry-out.ts';
import { openCheck } from './check.ts';
import { unmatchedThere } from './drift.ts';
import type { RegistryPlanner } from './planner.ts';

export type RegistryExecution = Pick<Execution, 'queue' | 'clock' | 'ledger' | 'log' | 'stop' | 'hurry'>;

/**
 * Carries out the items of an accepted job, and nothing else: none where the registry has changed too much for it. Resolves
 * when everything is reported.
 */
export async function executeThere(
  job: ExecuteJob,
  { named, replan }: { named: boolean; replan?: () => Promise<Plan> },
  planner: RegistryPlanner,
  report: (body: ReportBody) => Promise<void>,
  execution: RegistryExecution & Pick<Execution, 'notes' | 'doubt'>,
): Promise<void> {
  const { clock } = execution;
  const startedAt = clock.now();
  await report({ kind: 'started' });
  const check = openCheck(planner, named, clock.now);
  const changed = job.staleOver === undefined ? new Map() : await unmatchedThere(job.items, check);
  if (isStale(job, changed) && !(await ended(job.run, execution))) {
    await leaveAll(job, changed, replan, report, execution.log);
    const tookMs = clock.now() - startedAt;
    return report({ kind: 'finished', tookMs, before: null, after: null, raced: [], stale: true });
  }

  const progress = openProgress((outcomes) => report({ kind: 'outcomes', outcomes }), clock);
  const hands = {
    registry: planner.registry,
    ...check,
    notes: execution.notes,
    settle: () => clock.sleep(SETTLE_MS),
    trust: { tags: true },
    async rest(ms: number) {
      await unlessHurried(clock.sleep(ms), execution.hurry, undefined);
      return !execution.hurry.aborted && !execution.stop.aborted;
    },
  };
  const ends = new Map<ImageId, Promise<Outcome>>();
  const begun = (item: Item) => noted(() => carryOutThere(item, hands), execution);
  const one = async (item: Item): Promise<Outcome> => {
    const before = await Promise.all((item.after ?? []).flatMap((digest) => ends.get(digest) ?? []));
    const left = before.find(({ outcome }) => outcome !== 'deleted' && outcome !== 'absent');
    const outcome =
      (await leftOut(job.run, item, execution)) ??
      (left
        ? skipped(item, { kind: 'part-of', of: namesOf(job, left.image) })
        : await guard(item, () => withinLimits(item, () => begun(item), execution), execution));
    progress.add(outcome);
    return outcome;
  };
  await eachOf(job.items, LANES, async (item) => {
    const end = one(item);
    ends.set(item.image, end);
    await end;
  });
  await progress.flush();
  const tookMs = clock.now() - startedAt;
  await report({ kind: 'finished', tookMs, before: null, after: null, raced: [] });
}

// --- internal ---

/** Manifests that are deleted side by side. */
const LANES = 4;
const SETTLE_MS = 3_000;

function namesOf({ items }: ExecuteJob, image: ImageId): string[] {
  const { references = [] } = items.find((item) => item.image === image) ?? {};
  return references.length > 0 ? references : [image];
}

const skipped = ({ image }: Item, why: Trouble): Outcome => ({
  ...{ image, outcome: 'skipped', removed: [], freed: 0, why },
});
