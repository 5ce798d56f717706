import { GENESIS, type Head } from '../domain/audit.ts';
import type { RunId } from '../domain/ids.ts';
import type { Run } from '../domain/run.ts';
import type { Memory } from '../ports.ts';

/** Enough for all that is open, and for what ended a moment ago. */
const RUNS = 200;

/** What this bot has stored or seen last, for a Redis that forgets. */
export function openMemory() {
  let head: Head = GENESIS;
  let number = 0;
  const runs = new Map<RunId, Run>();
  return {
    now: (): Memory => ({ head, run: number, runs: [...runs.values()] }),
    head: (): Head => head,
    saw(seen: Head): void {
      if (seen.n > head.n) head = seen;
    },
    numbered(run: number): void {
      number = Math.max(number, run);
    },
    stored(run: Run): void {
      runs.delete(run.id);
      runs.set(run.id, run);
      for (const old of runs.keys()) {
        if (runs.size <= RUNS) break;
        runs.delete(old);
      }
    },
    /** What was put back is what counts from now on. */
    setTo(seen: Head): void {
      head = seen;
    },
  };
}
export type OwnMemory = ReturnType<typeof openMemory>;
