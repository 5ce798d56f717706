import type { Clock, Engine } from './ports.ts';

export type Wait = {
  whenBack(begun: boolean): Promise<boolean>;
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
  const answers = () =>
    engine.info().then(
      () => true,
      () => false,
    );
  return {
    async whenBack(begun) {
      const end = clock.now() + (begun ? limits.begunMs : limits.beforeMs);
      for (;;) {
        if (await answers()) {
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
