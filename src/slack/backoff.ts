/** The clock, the pause and the chance of whatever waits for Slack. */
export interface Time {
  /** Milliseconds since 1970, for what is stored; it may be set back. */
  now(): number;
  /** Milliseconds by a clock of this process that nobody sets, for all that it waits for itself. */
  monotonic(): number;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** From 0 up to, not including, 1. */
  random(): number;
}

export function realTime(now: () => number): Time {
  return {
    now,
    monotonic: () => performance.now(),
    random: Math.random,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const end = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        signal?.addEventListener('abort', end);
      }),
  };
}

const FIRST_MS = 2_000;
export const LONGEST_MS = 60_000;

/**
 * How long to wait after so many failures in a row, in milliseconds: twice as long each time up to a minute, and up to
 * half of it less by chance, so that several bots do not come together.
 */
export function backoff(failures: number, random: () => number, first = FIRST_MS): number {
  const whole = Math.min(LONGEST_MS, first * 2 ** Math.min(failures - 1, 10));
  return Math.round(whole * (1 - random() / 2));
}

/** Waits that grow for each run by itself, until something of it succeeds. */
export function openPatience(random: () => number) {
  const failures = new Map<number, number>();
  return {
    next(run: number): number {
      const count = (failures.get(run) ?? 0) + 1;
      failures.set(run, count);
      return backoff(count, random);
    },
    forget: (run: number) => void failures.delete(run),
  };
}
export type Patience = ReturnType<typeof openPatience>;
