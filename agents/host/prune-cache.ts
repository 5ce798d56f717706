import type { CacheOutcome, Trouble } from '../../src/domain/outcome.ts';
import type { CacheItem } from '../../src/domain/plan.ts';
import type { Execution } from './execution.ts';
import { uncounted } from './ledger.ts';
import { EngineTrouble } from './ports.ts';
import { type ExecuteJob, refused } from './verify.ts';
import type { Wait } from './wait.ts';

/**
 * Deletes the planned records of the build cache, one by one, children before their parents, save those that a build
 * has used since the plan. What stops it stops the rest as well.
 */
export async function pruneCache(
  job: ExecuteJob,
  execution: Execution & Pick<Wait, 'whenBack'>,
): Promise<CacheOutcome> {
  const { cache, run } = job;
  const { engine, rules, stop, queue, notes } = execution;
  const outcome: CacheOutcome = { deleted: 0, skipped: 0, failed: 0, freed: 0 };
  const left = (why: Trouble, as: 'skipped' | 'failed'): CacheOutcome => {
    outcome[as] += cache.length - outcome.deleted - outcome.skipped - outcome.failed;
    return { ...outcome, why };
  };
  if (!rules.allow.buildCache) return left({ kind: 'cache-off' }, 'skipped');
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
      if (freed !== null && typeof freed === 'object') return left(freed.why, freed.as);
      if (freed === null) outcome.skipped++;
      else {
        outcome.deleted++;
        outcome.freed += freed;
        notes.freed(item.id, freed);
      }
    }
  } catch (error) {
    if (error instanceof EngineTrouble) return left(error.problem, 'failed');
    throw error;
  }
  return outcome;
}

// --- internal ---

/** Bytes freed, `null` where a build uses it by now, or why neither this record nor another may go. */
async function removeCounted(
  { id, reclaim }: CacheItem,
  { engine, ledger, whenBack }: Execution & Pick<Wait, 'whenBack'>,
): Promise<number | null | { why: Trouble; as: 'skipped' | 'failed' }> {
  const entry = await ledger.take(reclaim, 0).catch(() => undefined);
  if (entry === undefined) return { why: uncounted, as: 'failed' };
  if (entry === null) return { why: { kind: 'limit', again: ledger.left()?.again ?? 0 }, as: 'skipped' };
  let freed: number | null;
  try {
    freed = await engine.removeRecord(id);
  } catch (error) {
    // Whether it went is looked up, once the engine answers.
    if (!(error instanceof EngineTrouble) || !(await whenBack(true))) throw error;
    if ((await engine.buildCache(true))?.some((record) => record.id === id) !== false) throw error;
    freed = 0;
  }
  if (freed === null) await ledger.giveBack(entry);
  return freed;
}
