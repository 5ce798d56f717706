export type RedisClock = {
  /** Runs a question whose answer holds the server's time, and remembers it. */
  timed<T extends { now: number }>(ask: () => Promise<T>): Promise<T>;
  /** What the server's clock shows by now, from the last answer. */
  estimate(): number;
};

/**
 * The Redis server's clock between its answers. Of two estimates the later one counts, so that what has
 * expired is never taken for fresh: the monotonic clock stands still while the machine sleeps.
 */
export function openRedisClock(monotonic: () => number, wall: () => number = Date.now): RedisClock {
  let last = { now: wall(), monotonic: monotonic(), wall: wall() };
  return {
    async timed(ask) {
      const answer = await ask();
      last = { now: answer.now, monotonic: monotonic(), wall: wall() };
      return answer;
    },
    estimate: () => last.now + Math.max(monotonic() - last.monotonic, wall() - last.wall),
  };
}
