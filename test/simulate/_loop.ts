import type { Random } from '../property/_random.ts';

/** One start of a bot or an agent. All that it has in memory ends with it: what it waits for never comes. */
export interface Process {
  name: string;
  alive: boolean;
  /** Calls of ports that it has made; a crash is told by this number. */
  calls: number;
  /** Looked at after each call: whether it dies now, before or after the call's effect. */
  dies: ((call: number) => 'before' | 'after' | null) | null;
  /** What happens when it dies. */
  died: Set<() => void>;
}

interface Event {
  at: number;
  n: number;
  by: Process | null;
  label: string;
  fire: (() => void) | null;
}
/** Something that will happen, unless it is called off. */
export type Due = Event;

export type Loop = ReturnType<typeof openLoop>;

/** No schedule needs so many; one that does goes round in circles. */
const MOST_EVENTS = 60_000;

/**
 * Virtual time: whatever waits is an event with an instant; the earliest happens next, and all that follows from it at
 * once happens before the one after. `now` in milliseconds since 1970.
 */
export function openLoop(random: Random, start: number) {
  const heap: Event[] = [];
  let made = 0;
  let hash = 0x811c9dc5;
  let fired = 0;
  const state = {
    now: start,
    /** Whose turn it is: timers that are set belong to it. */
    current: null as Process | null,
    trace: null as ((line: string) => void) | null,
  };

  function at(time: number, by: Process | null, label: string, fire: () => void): Due {
    const event: Event = { at: Math.max(time, state.now), n: made++, by, label, fire };
    push(heap, event);
    return event;
  }

  function mix(n: number): void {
    hash = Math.imul(hash ^ n, 0x01000193) >>> 0;
  }

  /** Milliseconds that a call takes: mostly few, sometimes very many. */
  function latency(typical: number): number {
    const part = random.below(1000) / 1000;
    return typical * (0.2 + part) * (random.chance(0.04) ? 40 * part + 1 : 1);
  }

  function kill(process: Process): void {
    if (!process.alive) return;
    process.alive = false;
    say(() => `${process.name} dies`);
    for (const hear of process.died) hear();
  }

  function say(line: () => string): void {
    state.trace?.(`${((state.now - start) / 1000).toFixed(3).padStart(10)} ${line()}`);
  }

  /** A call that takes so many milliseconds; what it does is done, and answered, at its end. */
  function call<T>(process: Process, label: string, ms: number, effect: () => T): Promise<T> {
    return ask(process, label, ms, (answer) => answer(effect()));
  }

  /** The same with an answer that comes later, or never. */
  function ask<T>(
    process: Process,
    label: string,
    ms: number,
    effect: (answer: (value: T) => void, refuse: (error: Error) => void) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      at(state.now + ms, process, label, () => {
        const dies = process.dies?.(process.calls++) ?? null;
        if (dies === 'before') return kill(process);
        try {
          if (dies === null) effect(resolve, reject);
          else effect(deaf, deaf);
        } catch (error) {
          if (dies === null) reject(error);
        }
        if (dies === 'after') kill(process);
      });
    });
  }

  function sleep(process: Process, ms: number): Promise<void> {
    return new Promise((resolve) => {
      at(state.now + ms, process, 'sleeps', resolve);
    });
  }

  /** Goes on until `done`, or until `until`. */
  async function run(until: number, done: () => boolean): Promise<'done' | 'late' | 'idle' | 'endless'> {
    await null;
    for (;;) {
      if (done()) return 'done';
      const next = heap[0];
      if (!next) return 'idle';
      if (next.at > until) {
        state.now = until;
        return 'late';
      }
      pop(heap);
      if (!next.fire || next.by?.alive === false) continue;
      if (++fired > MOST_EVENTS) return 'endless';
      state.now = next.at;
      state.current = next.by;
      mix(next.n);
      mix(Math.floor((next.at - start) * 8));
      if (state.trace && next.label !== '') say(() => `${next.by?.name ?? ''} ${next.label}`);
      next.fire();
      // All that follows at once is done before the next tick.
      await new Promise<void>(nextTick);
      state.current = null;
    }
  }

  return {
    state,
    random,
    start,
    at,
    latency,
    kill,
    say,
    call,
    ask,
    sleep,
    run,
    process: (name: string): Process => ({ name, alive: true, calls: 0, dies: null, died: new Set() }),
    /** Runs something as that process. */
    as<T>(process: Process, work: () => T): T {
      const before = state.current;
      state.current = process;
      try {
        return work();
      } finally {
        state.current = before;
      }
    },
    get fired() {
      return fired;
    },
    get hash() {
      return hash.toString(16).padStart(8, '0');
    },
  };
}

export function callOff(due: Due | null | undefined): void {
  if (due) due.fire = null;
}

// --- internal ---

const deaf = () => {};
const nextTick = (resolve: () => void) => process.nextTick(resolve);

const before = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.n < b.n);

function push(heap: Event[], event: Event): void {
  let i = heap.push(event) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    const above = heap[parent] as Event;
    if (!before(event, above)) break;
    heap[i] = above;
    i = parent;
  }
  heap[i] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop() as Event;
  if (heap.length === 0) return;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
    if (!before(heap[child] as Event, last)) break;
    heap[i] = heap[child] as Event;
    i = child;
  }
  heap[i] = last;
}
