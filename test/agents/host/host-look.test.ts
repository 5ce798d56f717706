import { describe, expect, test } from 'vitest';
import { openCache } from '../../../agents/host/details.ts';
import { openHostLook } from '../../../agents/host/host-look.ts';
import { type Engine, EngineTrouble } from '../../../agents/host/ports.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';
import { HOST } from '../../domain/_build.ts';
import { plainAround } from './_around.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A clock by hand: who sleeps is woken when its time has come. */
function aLook() {
  const state = {
    ...{ now: 0, told: 0, listed: 0, problem: null as EngineTrouble | null },
    /** A count waits for it. */
    slow: null as Promise<void> | null,
  };
  const sleepers: { at: number; wake: () => void }[] = [];
  const engine = {
    info: async () => {
      if (state.problem) throw state.problem;
      return { version: '28', api: '1.51', store: 'graph driver', driver: 'overlay2', root: '/' };
    },
    list: async () => {
      state.listed++;
      await state.slow;
      if (state.problem) throw state.problem;
      return { images: [], containers: [] };
    },
    contents: async () => null,
    buildCache: async () => [],
  } as unknown as Engine;
  const sleep = (ms: number) =>
    new Promise<void>((wake) => {
      sleepers.push({ at: state.now + ms, wake });
    });
  const looking = openHostLook({
    planner: { host: HOST, engine, cache: openCache(), rules: DEFAULT_RULES, around: plainAround(), sleep },
    has: { tell: async () => void state.told++ },
    readDisk: async () => null,
    ...{ monotonic: () => state.now, sleep, log: silent },
  });
  return {
    ...{ state, ...looking },
    async pass(ms: number) {
      state.now += ms;
      for (const one of sleepers.filter(({ at }) => at <= state.now)) one.wake();
      for (let i = 0; i < 20; i++) await Promise.resolve();
      await new Promise((resolve) => setTimeout(resolve, 1));
    },
  };
}

describe('a look at the host', () => {
  test('counts and tells what is there once a minute', async () => {
    const { look, state, pass } = aLook();
    await look(false);
    expect(state).toMatchObject({ listed: 1, told: 1 });
    await pass(59_999);
    await look(false);
    expect(state.told).toBe(1);
    await pass(1);
    await look(false);
    expect(state.told).toBe(2);
  });

  test('tells soon of what has changed, once for many changes', async () => {
    const { look, stale, state, pass } = aLook();
    await look(false);
    for (let i = 0; i < 100; i++) stale();
    expect(state.told).toBe(1);
    await pass(999);
    expect(state.told).toBe(1);
    await pass(1);
    expect(state).toMatchObject({ listed: 2, told: 2 });
    stale();
    await pass(1_000);
    expect(state.told).toBe(3);
  });

  test('tells of what changed during a count after it, in a tenth of the time', async () => {
    const { look, stale, state, pass } = aLook();
    await look(false);
    let end = () => {};
    state.slow = new Promise((resolve) => {
      end = resolve;
    });
    stale();
    await pass(1_000);
    expect(state).toMatchObject({ listed: 2, told: 1 });
    stale();
    await pass(2_000);
    expect(state.listed).toBe(2);
    end();
    state.slow = null;
    await pass(0);
    expect(state).toMatchObject({ listed: 2, told: 2 });
    await pass(9 * 2_000 - 1);
    expect(state.listed).toBe(2);
    await pass(1);
    expect(state).toMatchObject({ listed: 3, told: 3 });
    // Nothing has changed since.
    await pass(50_000);
    expect(state.listed).toBe(3);
  });

  test('does not wait for what a count took long ago', async () => {
    const { look, stale, state, pass } = aLook();
    let end = () => {};
    state.slow = new Promise((resolve) => {
      end = resolve;
    });
    const looked = look(false);
    await pass(0);
    await pass(5_000);
    end();
    state.slow = null;
    await looked;
    await pass(0);
    await pass(50_000);
    stale();
    await pass(1_000);
    expect(state.told).toBe(2);
  });

  test('tells nothing while the engine is away, and then with the next look', async () => {
    const { look, stale, state, pass } = aLook();
    state.problem = new EngineTrouble({ kind: 'no-answer' });
    expect(await look(false)).toMatchObject({ engine: null, problem: { kind: 'no-answer' }, counts: null });
    stale();
    await pass(1_000);
    expect(state.told).toBe(0);
    state.problem = null;
    expect(await look(false)).toMatchObject({ problem: null, counts: { images: 0 } });
    expect(state.told).toBe(1);
  });
});
