import type { Fault, FaultHandle } from './controls.ts';
import type { Json } from './types.ts';

export type Faults = {
  readonly inject: (fault: Fault) => FaultHandle;
  /** The fault that this call meets, counted as met. */
  readonly meet: (method: string, body: Json) => Fault | undefined;
  /** What calls meet beside the faults that were injected; none, if absent. */
  readonly weather: (meet?: (method: string, body: Json) => Fault | undefined) => void;
  readonly outage: (on: boolean) => void;
  readonly down: () => boolean;
};

const NOT_METHODS = new Set(['response_url', 'upload', 'hello']);

/** Faults to come, in the order in which they were injected. */
export function createFaults(): Faults {
  const pending: { fault: Fault; left: number }[] = [];
  let down = false;
  let weather: ((method: string, body: Json) => Fault | undefined) | undefined;
  const applies = (fault: Fault, method: string, body: Json) =>
    (fault.method === method || (fault.method === '*' && !NOT_METHODS.has(method))) &&
    (fault.match?.(body) ?? true);
  return {
    inject: (fault) => {
      const entry = { fault, left: fault.times ?? 1 };
      pending.push(entry);
      return {
        left: () => entry.left,
        stop: () => {
          entry.left = 0;
        },
      };
    },
    meet: (method, body) => {
      const entry = pending.find(({ fault, left }) => left > 0 && applies(fault, method, body));
      if (!entry) return weather?.(method, body);
      entry.left -= 1;
      return entry.fault;
    },
    weather: (meet) => {
      weather = meet;
    },
    outage: (on) => {
      down = on;
    },
    down: () => down,
  };
}
