import type { Outcome } from '../../src/domain/outcome.ts';
import type { Clock } from './ports.ts';

export type Progress = {
  add(outcome: Outcome): void;
  /** For the end: resolves once everything has been sent, without further pauses. */
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
  let flushing = (): void => {};
  const flushed = new Promise<void>((resolve) => {
    flushing = resolve;
  });
  const loop = async () => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await send(batch);
      await Promise.race([clock.sleep(everyMs), flushed]);
    }
    sending = null;
  };
  return {
    add(outcome) {
      waiting.push(outcome);
      sending ??= loop();
    },
    async flush() {
      flushing();
      await sending;
    },
  };
}
