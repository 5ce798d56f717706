import { type Clock, type Engine, EngineTrouble } from './ports.ts';

export type Wait = {
  /** Until the engine answers, and what is asked `then` too: true when it does, false when that is given up. */
  whenBack(begun: boolean, then?: () => Promise<unknown>): Promise<boolean>;
  /** Once it answers again: time for a deletion that it still has in its hands. */
  settle(): Promise<void>;
};

type WaitLimits = { pollMs: number; beforeMs: number; begunMs: number; settleMs: number };

const LIMITS: WaitLimits = { pollMs: 1000, beforeMs: 60_000, begunMs: 600_000, settleMs: 3000 };

/**
 * Waiting for an engine that went away, shared by all lanes. What has not begun waits shorter than what
 * must be looked up. Once given up, only one question is asked each time.
 */
export function openWait(engine: Engine, clock: Clock, stop: AbortSignal, limits = LIMITS): Wait {
  let givenUp = false;
  const answers = async (then?: () => Promise<unknown>): Promise<boolean> => {
    try {
      await engine.info();
      await then?.();
      return true;
    } catch (error) {
      if (error instanceof EngineTrouble) return false;
      throw error;
    }
  };
  return {
    async whenBack(begun, then) {
      const end = clock.now() + (begun ? limits.begunMs : limits.beforeMs);
      for (;;) {
        if (await answers(then)) {
          givenUp = false;
          return true;
        }
        if (givenUp || stop.aborted || clock.now() >= end) {
          givenUp = true;
          return false;
        }
        await clock.sleep(limits.pollMs);
      }
    },
    settle: () => clock.sleep(limits.settleMs),
  };
}
