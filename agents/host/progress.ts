import type { Outcome } from '../../src/domain/outcome.ts';
import type { Clock } from './ports.ts';

export type Progress = {
  add(outcome: Outcome): void;
  /** Resolves once everything added so far has been sent. */
  flush(): Promise<void>;
};

/** Sends outcomes in batches: the first at once, then no more often than every `everyMs`, one batch at a time. */
export function openProgress(
  send: (outcomes: Outcome[]) => Promise<void>,
  clock: Pick<Clock, 'sleep'>,
  everyMs = 250,
): Progress {
  let waiting: Outcome[] = [];
  let sending: Promise<void> | null = null;
  const loop = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await send(batch);
      await clock.sleep(everyMs);
    }
    sending = null;
  };
  return {
    add(outcome) {
      waiting.push(outcome);
      sending ??= loop();
    },
    async flush() {
      await sending;
    },
  };
}
