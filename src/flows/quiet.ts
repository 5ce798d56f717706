import type { RunId } from '../domain/ids.ts';
import type { Run } from '../domain/run.ts';
import type { Clock } from '../ports.ts';

/** A large image takes less on most disks; where one takes longer, asking does no harm. */
const QUIET_MS = 5 * 60_000;

/**
 * Tells of a run whether nothing was stored of it for some minutes, as far as this bot has seen, and then again after as
 * many. What an agent says of an execution is acknowledged once it is stored; a Redis that loses power may lose both.
 */
export function openQuiet(clock: Clock): (run: Pick<Run, 'id' | 'rev'>) => boolean {
  const seen = new Map<RunId, { rev: number; at: number }>();
  return ({ id, rev }) => {
    const now = clock();
    const known = seen.get(id);
    const isQuiet = known?.rev === rev && now - known.at >= QUIET_MS;
    if (known?.rev === rev && !isQuiet) return false;
    seen.delete(id);
    seen.set(id, { rev, at: now });
    for (const old of seen.keys()) {
      if (seen.size <= MOST) break;
      seen.delete(old);
    }
    return isQuiet;
  };
}

// --- internal ---

const MOST = 1_000;
