export type Clock = {
  readonly now: () => number;
  /** Moves the stand-in's time forward, so that half an hour can pass in a test. Timers are not moved. */
  readonly advance: (ms: number) => void;
  /** A message timestamp: `seconds.microseconds`, unique and increasing. */
  readonly ts: () => string;
};

/** The stand-in's clock: the real one plus what was advanced. */
export function createClock(): Clock {
  let offset = 0;
  let lastMicros = 0;
  const now = () => Date.now() + offset;
  return {
    now,
    advance: (ms) => {
      offset += ms;
    },
    ts: () => {
      lastMicros = Math.max(now() * 1000, lastMicros + 1);
      const seconds = Math.floor(lastMicros / 1_000_000);
      return `${seconds}.${String(lastMicros % 1_000_000).padStart(6, '0')}`;
    },
  };
}
