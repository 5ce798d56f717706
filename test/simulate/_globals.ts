import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { callOff, type Due, type Loop, type Process } from './_loop.ts';

const real = {
  now: Date.now,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  random: Math.random,
  performanceNow: performance.now,
  sleep: timers.setTimeout,
  randomUUID: crypto.randomUUID,
  AbortController: globalThis.AbortController,
};

interface Timer {
  due: Due | null;
  ref(): Timer;
  unref(): Timer;
}

let loop: Loop;
let uuids = 0;

/** From now on it is this loop that time and randomness come from. */
export function steer(by: Loop): void {
  loop = by;
  uuids = 0;
}

/**
 * Puts time and randomness of this program under a loop's control, since production code asks some of it itself;
 * returns what takes that back. Timers belong to whose turn it is.
 */
export function takeOver(stacks = 0): () => void {
  const { stackTraceLimit } = Error;
  // Errors are many here, and where they come from is of no interest most times.
  Error.stackTraceLimit = stacks;
  const owner = (): Process | null => loop.state.current;
  const timer = (): Timer => {
    const made: Timer = { due: null, ref: () => made, unref: () => made };
    return made;
  };
  const set = (work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const made = timer();
    made.due = loop.at(loop.state.now + ms, owner(), 'timer', () => work(...args));
    return made;
  };
  const repeat = (work: (...args: unknown[]) => void, every = 0, ...args: unknown[]) => {
    // What is looked for each second is looked for less often: idle hours should cost little.
    const ms = every === 1_000 ? 15_000 : every;
    const made = timer();
    const by = owner();
    const next = () => {
      made.due = loop.at(loop.state.now + ms, by, 'timer', () => {
        next();
        work(...args);
      });
    };
    next();
    return made;
  };
  const clear = (made: Timer | undefined) => callOff(made?.due);
  Date.now = () => Math.floor(loop.state.now);
  performance.now = () => loop.state.now - loop.start;
  Math.random = () => loop.random.below(2 ** 30) / 2 ** 30;
  Object.assign(globalThis, {
    setTimeout: set,
    clearTimeout: clear,
    setInterval: repeat,
    clearInterval: clear,
    AbortController: PlainController,
  });
  const sleep = (ms = 0, value?: unknown) =>
    new Promise((resolve) => {
      loop.at(loop.state.now + ms, owner(), 'timer', () => resolve(value));
    });
  Object.assign(timers, { setTimeout: sleep });
  const uuid = () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, '0')}`;
  Object.assign(crypto, { randomUUID: uuid });
  syncBuiltinESMExports();
  return () => {
    Error.stackTraceLimit = stackTraceLimit;
    Date.now = real.now;
    performance.now = real.performanceNow;
    Math.random = real.random;
    Object.assign(globalThis, {
      setTimeout: real.setTimeout,
      clearTimeout: real.clearTimeout,
      setInterval: real.setInterval,
      clearInterval: real.clearInterval,
      AbortController: real.AbortController,
    });
    Object.assign(timers, { setTimeout: real.sleep });
    Object.assign(crypto, { randomUUID: real.randomUUID });
    syncBuiltinESMExports();
  };
}

// --- internal ---

/** As much of an `AbortController` as is used here: a real one is slow to make and to abort. */
function PlainController() {
  const heard = new Set<() => void>();
  const signal = {
    aborted: false,
    addEventListener: (_: 'abort', hear: () => void) => void heard.add(hear),
    removeEventListener: (_: 'abort', hear: () => void) => void heard.delete(hear),
  };
  return {
    signal,
    abort() {
      if (signal.aborted) return;
      signal.aborted = true;
      const now = [...heard];
      heard.clear();
      for (const hear of now) hear();
    },
  };
}
