import { setTimeout as sleep } from 'node:timers/promises';
import type { Options } from './controls.ts';

export type Clock = {
  readonly now: () => number;
  /** Moves the stand-in's time forward, so that half an hour can pass in a test. Timers are not moved. */
  readonly advance: (ms: number) => void;
  readonly sleep: (ms: number) => Promise<void>;
  /** A message timestamp: `seconds.microseconds`, unique and increasing. */
  readonly ts: () => string;
};

/** The stand-in's clock: the real one, or that of `time`, plus what was advanced. */
export function createClock(time: Options['time'] = { now: Date.now, sleep: (ms) => sleep(ms) }): Clock {
  let offset = 0;
  let lastMicros = 0;
  const now = () => time.now() + offset;
  return {
    now,
    sleep: time.sleep,
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
