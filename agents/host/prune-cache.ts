import type { CacheOutcome, Trouble } from '../../src/domain/outcome.ts';
import type { CacheItem } from '../../src/domain/plan.ts';
import type { Execution } from './execution.ts';
import { uncounted } from './ledger.ts';
import { isAnother, whetherGone } from './look-up.ts';
import { EngineTrouble } from './ports.ts';
import { type ExecuteJob, refused } from './verify.ts';
import type { Wait } from './wait.ts';

/**
 * Deletes the planned records of the build cache, one by one, children before their parents, save those that a build
 * has used since the plan. What stops it stops the rest as well.
 * Rejects with `EngineTrouble` where nobody can say whether the one at hand went.
 */
export async function pruneCache(job: ExecuteJob, execution: Execution & Wait): Promise<CacheOutcome> {
  const { cache, run } = job;
  const { engine, rules, stop, queue, notes } = execution;
  const outcome: CacheOutcome = { deleted: 0, skipped: 0, failed: 0, freed: 0 };
  const left = (why: Trouble, as: 'skipped' | 'failed'): CacheOutcome => {
    const { deleted, skipped, failed } = outcome;
    outcome[as] += cache.length - deleted - skipped - failed;
    return { ...outcome, why };
  };
  if (!rules.allow.buildCache) return left({ kind: 'cache-off' }, 'skipped');
  let lost: EngineTrouble | null = null;
  try {
    const records = new Map((await engine.buildCache(true))?.map((record) => [record.id, record]));
    const fits = ({ id, usedAt }: CacheItem) => {
      const live = records.get(id);
      return live !== undefined && !live.inUse && live.usedAt <= usedAt;
    };
    const unnoted = await notes.beginCache(cache.filter(fits).map(({ id }) => id));
    if (unnoted) return left(unnoted, 'failed');
    for (const item of cache) {
      if (stop.aborted) return left(refused('the agent was stopped before this record'), 'skipped');
      if (await queue.cancelled(run)) return left({ kind: 'cancelled' }, 'skipped');
      if (!fits(item)) {
        outcome.skipped++;
        continue;
      }
      const freed = await removeCounted(item, execution);
      if (freed !== null && typeof freed === 'object') {
        if (freed.as === 'unknown') {
          lost = freed.trouble;
          throw lost;
        }
        return left(freed.why, freed.as);
      }
      if (freed === null) outcome.skipped++;
      else {
        outcome.deleted++;
        outcome.freed += freed;
        notes.freed(item.id, freed);
      }
    }
  } catch (error) {
    if (error === lost || !(error instanceof EngineTrouble)) throw error;
    return left(error.problem, 'failed');
  }
  return outcome;
}

// --- internal ---

type Left = { why: Trouble; as: 'skipped' | 'failed' };

/** Bytes freed, `null` where a build uses it by now, or why neither this record nor another may go. */
async function removeCounted(
  { id, reclaim }: CacheItem,
  { engine, ledger, ...wait }: Execution & Wait,
): Promise<number | null | Left | { as: 'unknown'; trouble: EngineTrouble }> {
  const entry = await ledger.take(reclaim, 0).catch(() => undefined);
  if (entry === undefined) return { why: uncounted, as: 'failed' };
  if (entry === null) return { why: { kind: 'limit', again: ledger.left()?.again ?? 0 }, as: 'skipped' };
  let freed: number | null;
  const life = await engine.life();
  try {
    freed = await engine.removeRecord(id);
  } catch (error) {
    if (!(error instanceof EngineTrouble)) throw error;
    // Whether it went is looked up, once the engine answers; what nobody learns now is learnt later.
    const isGone = async () => (await engine.buildCache(true))?.every((record) => record.id !== id) ?? false;
    const result = { kind: 'trouble', problem: error.problem, begun: true } as const;
    const end = await whetherGone(isGone, wait, result, async () => isAnother(life, await engine.life()));
    if (end === 'in doubt') return { as: 'unknown', trouble: error };
    if (end === 'still there') throw error;
    freed = 0;
  }
  if (freed === null) await ledger.giveBack(entry);
  return freed;
}
