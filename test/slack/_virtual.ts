import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { Time } from '../../src/slack/backoff.ts';

/** Rounds of the event loop in which nothing may stir before time moves on. */
const QUIET_TURNS = 4;

/**
 * Time that stands still while anything is under way in the real world, and then jumps to where somebody waits for: six
 * hours are over in seconds, and no wait is shorter than it says. `hanging` are calls that nobody will answer.
 */
export function openVirtual(hanging: () => number, start = Date.now()) {
  let now = start;
  let active = 0;
  let stirred = 0;
  let heard = () => {};
  let jumps = 0;
  const sleepers = new Set<{ at: number; wake(): void }>();

  const time: Pick<Time, 'now' | 'monotonic' | 'sleep'> = {
    now: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper = {
          at: now + ms,
          wake() {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', sleeper.wake);
            stir();
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake);
      }),
  };

  /** Work in the real world: time stands still meanwhile. */
  async function real<T>(work: () => Promise<T>): Promise<T> {
    active++;
    try {
      return await work();
    } finally {
      active--;
      stir();
    }
  }

  function stir(): void {
    stirred++;
    heard();
  }

  async function quiet(): Promise<void> {
    let last = stirred;
    for (let turns = 0, all = 0; turns < QUIET_TURNS; turns++, all++) {
      await turn();
      // Whose answer is awaited stirs when it comes; only what hangs is not told of.
      if (all > 20 && active !== hanging())
        await Promise.race([wait(1), new Promise<void>((resolve) => (heard = resolve))]);
      if (active !== hanging() || stirred !== last) {
        turns = -1;
        last = stirred;
      }
    }
  }

  return {
    time,
    real,
    jumps: () => jumps,
    /** Lets time go on until this is so. */
    async until(done: () => boolean, what: string): Promise<void> {
      while (!done()) {
        await quiet();
        if (done()) return;
        const next = Math.min(...[...sleepers].map(({ at }) => at));
        if (!Number.isFinite(next)) throw new Error(`nothing goes on any more before ${what}`);
        now = Math.max(now, next);
        jumps++;
        for (const sleeper of [...sleepers]) if (sleeper.at <= now) sleeper.wake();
      }
    },
  };
}
export type Virtual = ReturnType<typeof openVirtual>;
