import { setTimeout as sleep } from 'node:timers/promises';
import { whenAborted } from '../agents/host/aborted.ts';
import type { Log } from './ports.ts';

/**
 * What an orderly end waits for: all of it together no longer than `limitMs` milliseconds from now on, and hardly at all
 * once it is hurried.
 */
export function openDrain(limitMs: number, hurry: AbortSignal, log: Log) {
  const end = performance.now() + limitMs;
  const left = (): number => Math.max(0, end - performance.now());
  return {
    left,
    /** Waits for this, at most `mostMs` milliseconds. What does not come to its end is told in the log; never rejects. */
    async waitFor(what: string, work: Promise<unknown>, mostMs = limitMs): Promise<void> {
      const over = new AbortController();
      const ended = work.then(
        () => true,
        (error) => {
          log.error(`${what} was not ended in order`, error);
          return true;
        },
      );
      const late = sleep(Math.min(mostMs, left()), false, { signal: over.signal }).catch(() => false);
      // What is just about to end may.
      const hurried = whenAborted(hurry).then(() =>
        sleep(HURRIED_MS, false, { signal: over.signal }).catch(() => false),
      );
      if (!(await Promise.race([ended, late, hurried]))) log.warn(`${what} was not waited for any longer`);
      over.abort();
    },
  };
}

const HURRIED_MS = 100;
