export type EventType = 'image' | 'container' | 'builder';

/** What the engine says happened. */
export type SimulatedEvent = {
  readonly type: EventType;
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Nanoseconds since 1970, never the same twice. */
  readonly at: bigint;
};

export type Events = {
  log(event: Omit<SimulatedEvent, 'at'>): void;
  /** Those that are still remembered, from `since` to `until`. */
  past(since: bigint, until: bigint | null): readonly SimulatedEvent[];
  /** Returns what ends it. */
  follow(listener: (event: SimulatedEvent) => void): () => void;
  listeners(): number;
  /** Forgets everything, as a daemon that starts again does. */
  clear(): void;
};

/** As many as the daemon remembers. */
const REMEMBERED = 256;

export function createEvents(): Events {
  const ring: SimulatedEvent[] = [];
  const listeners = new Set<(event: SimulatedEvent) => void>();
  let last = 0n;
  return {
    log(what) {
      // The wall clock, as clients compare it with theirs; the monotonic one drifts away from it.
      const now = BigInt(Date.now()) * 1_000_000n;
      last = now > last ? now : last + 1n;
      const event = { ...what, at: last };
      ring.push(event);
      if (ring.length > REMEMBERED) ring.shift();
      for (const listener of listeners) listener(event);
    },
    past: (since, until) => ring.filter(({ at }) => at >= since && (until === null || at <= until)),
    follow(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    listeners: () => listeners.size,
    clear: () => void ring.splice(0),
  };
}

/** One line of the stream. Times don't fit into a number, so the digits are put in afterwards. */
export function eventLine({ type, action, id, attributes, at }: SimulatedEvent): string {
  const event = {
    ...(type !== 'builder' && { status: action }),
    ...(type !== 'builder' && id !== '' && { id }),
    ...(type === 'container' && attributes.image !== undefined && { from: attributes.image }),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    time: Number(at / 1_000_000_000n),
    timeNano: 0,
  };
  return `${JSON.stringify(event).replace(/"timeNano":0}$/, `"timeNano":${at}}`)}\n`;
}
