import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/event.ts';
import type { CacheOutcome } from '../../src/domain/outcome.ts';
import type { Run, RunState } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import { ANA, anOutcome, aPart, aRun, aSummary, HOST, MINUTE, NOW } from './_build.ts';

const LATER = NOW + MINUTE;
const play = (run: Run, ...events: RunEvent[]) => events.reduce(step, run);
const planned = (items: number, cache: number): RunEvent => ({
  type: 'planned',
  at: NOW,
  host: HOST,
  plan: aSummary({ items, cache }),
});
const begun = (items: number, cache: number) =>
  play(aRun(), planned(items, cache), { type: 'confirm', at: NOW, by: ANA });
const cached = (given: Partial<CacheOutcome> = {}): RunEvent => ({
  type: 'cache',
  at: LATER,
  host: HOST,
  cache: { deleted: 3, skipped: 0, failed: 0, freed: 30, ...given },
});
const gone: RunEvent = { type: 'outcomes', at: LATER, host: HOST, outcomes: [anOutcome('a')] };
const finished: RunEvent = {
  type: 'finished',
  at: LATER,
  host: HOST,
  report: { tookMs: 5, before: null, after: null, raced: [] },
};
const lost: RunEvent = {
  type: 'broken',
  at: LATER,
  host: HOST,
  why: { kind: 'lost' },
  outcomes: [anOutcome('a', 'unknown')],
};
const none = { deleted: 0, skipped: 0, failed: 3, freed: 0, why: { kind: 'lost' } } as const;

describe('the build cache of a run', () => {
  test('is something to delete, also alone', () => {
    expect(play(aRun(), planned(0, 1)).state).toBe('proposed');
    expect(play(aRun(), planned(0, 0)).state).toBe('empty');
    expect(begun(0, 3).hosts[HOST]?.stage).toBe('planned');
  });

  test('ends a host only together with its images and its last word, in any order', () => {
    for (const events of [
      [gone, cached(), finished],
      [finished, cached(), gone],
      [cached(), finished, gone],
      [finished, gone, cached()],
    ]) {
      const before = play(begun(1, 3), ...events.slice(0, -1));
      expect(before.state).toBe('executing');
      expect(play(before, ...events.slice(-1))).toMatchObject({ state: 'done', endedAt: LATER });
    }
    expect(play(begun(0, 3), cached(), finished).state).toBe('done');
  });

  test('shows that the host is at work', () => {
    expect(step(begun(1, 3), cached()).hosts[HOST]?.stage).toBe('executing');
  });

  test('has one outcome: what comes again changes nothing', () => {
    const run = play(begun(1, 3), cached());
    expect(step(run, cached({ deleted: 1 }))).toBe(run);
    const ended = play(begun(1, 3), lost);
    expect(step(ended, cached())).toBe(ended);
  });

  test('has none before somebody allowed it, nor on a host that has no part in it', () => {
    const proposed = play(aRun(), planned(1, 3));
    expect(step(proposed, cached())).toBe(proposed);
    const other = begun(1, 3);
    expect(step(other, { ...cached(), host: 'host-9' } as RunEvent)).toBe(other);
    const waiting: Run = { ...other, hosts: { [HOST]: aPart() } };
    expect(step(waiting, cached())).toBe(waiting);
  });

  test('of a host that breaks off is what was told before, else what is said then', () => {
    const late = { ...lost, cache: none } as RunEvent;
    expect(play(begun(1, 3), cached(), late).hosts[HOST]).toMatchObject({
      stage: 'ended',
      cache: { deleted: 3 },
    });
    expect(play(begun(1, 3), late).hosts[HOST]).toMatchObject({
      stage: 'ended',
      trouble: { kind: 'lost' },
      outcomes: [{ outcome: 'unknown' }],
      cache: none,
    });
  });

  const ends = [
    ['done', {}],
    ['partial', { deleted: 2, skipped: 1 }],
    ['partial', { deleted: 2, failed: 1 }],
    ['partial', { deleted: 0, skipped: 3 }],
    ['failed', { deleted: 0, failed: 3 }],
    ['cancelled', { deleted: 0, skipped: 3, why: { kind: 'cancelled' } }],
  ] satisfies [RunState, Partial<CacheOutcome>][];
  test.each(ends)('alone ends a run %s with %j', (state, given) => {
    expect(play(begun(0, 3), cached(given), finished).state).toBe(state);
  });

  test('counts beside images', () => {
    expect(play(begun(1, 3), gone, cached({ deleted: 0, failed: 3 }), finished).state).toBe('partial');
    const failed: RunEvent = { ...gone, outcomes: [anOutcome('a', 'failed')] } as RunEvent;
    expect(play(begun(1, 3), failed, cached(), finished).state).toBe('partial');
  });
});
