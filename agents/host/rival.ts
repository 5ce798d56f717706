import { OFFLINE_MS } from '../../src/domain/protocol.ts';
import type { Predecessor } from './ports.ts';

export type Rival = {
  /** Tells what our newest heartbeat replaced. True when that changed whether we are alone. */
  saw(before: Predecessor | null): boolean;
  /** Whether another live agent answers for this name. */
  present(): boolean;
};

/**
 * Another agent under our name: one of another identity, or a copy of our own. While either is alive both
 * refuse jobs, since nobody can say which host is meant.
 */
export function openRival(self: { identity: string; epoch: string }, monotonic: () => number): Rival {
  let until = Number.NEGATIVE_INFINITY;
  let first = true;
  const present = () => monotonic() < until;
  return {
    saw(before) {
      const was = present();
      // Negative where Redis's clock was set back: nobody counts as alive for longer than from now on.
      const ageMs = Math.max(0, before?.ageMs ?? 0);
      const other = before !== null && ageMs < OFFLINE_MS && before.epoch !== self.epoch;
      // The first heartbeat follows that of our own last start.
      if (other && !(first && before.identity === self.identity)) until = monotonic() + OFFLINE_MS - ageMs;
      first = false;
      return was !== present();
    },
    present,
  };
}
