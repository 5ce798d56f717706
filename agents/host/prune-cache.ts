import type { CacheOutcome } from '../../src/domain/outcome.ts';
import type { Execution } from './execute.ts';
import { EngineTrouble } from './ports.ts';
import { type ExecuteJob, refused } from './verify.ts';

/**
 * Deletes the planned records of the build cache, one by one, children before their parents: the engine itself refuses
 * those that a build uses by now. What stops it stops the rest as well.
 */
export async function pruneCache(
  { cache, run }: ExecuteJob,
  { engine, rules, stop, queue, ledger }: Execution,
): Promise<CacheOutcome> {
  const outcome: CacheOutcome = { deleted: 0, skipped: 0, failed: 0, freed: 0 };
  const left = (why: CacheOutcome['why'], as: 'skipped' | 'failed'): CacheOutcome => {
    outcome[as] += cache.length - outcome.deleted - outcome.skipped - outcome.failed;
    return { ...outcome, ...(why && { why }) };
  };
  if (!rules.allow.buildCache) return left({ kind: 'cache-off' }, 'skipped');
  for (const { id, reclaim } of cache) {
    if (stop.aborted) return left(refused('the agent was stopped before this record'), 'skipped');
    if (await queue.cancelled(run)) return left({ kind: 'cancelled' }, 'skipped');
    const allowed = await ledger.take(reclaim, 0);
    if (!allowed) return left({ kind: 'limit', again: ledger.left()?.again ?? 0 }, 'skipped');
    try {
      const freed = await engine.removeRecord(id);
      if (freed === null) outcome.skipped++;
      else {
        outcome.deleted++;
        outcome.freed += freed;
      }
    } catch (error) {
      if (error instanceof EngineTrouble) return left(error.problem, 'failed');
      throw error;
    }
  }
  return outcome;
}
