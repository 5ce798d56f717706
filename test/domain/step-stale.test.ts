import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/event.ts';
import type { HostName } from '../../src/domain/ids.ts';
import { objection } from '../../src/domain/objection.ts';
import { Run, type RunState } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import {
  ANA,
  aDrift,
  anOutcome,
  aPart,
  aPolicy,
  aRun,
  aSummary,
  BEN,
  HOST,
  host,
  MINUTE,
  NOW,
  runId,
} from './_build.ts';

const LATER = NOW + MINUTE;
const OTHER = host('host-4');
const play = (run: Run, ...events: RunEvent[]) => events.reduce(step, run);
const stale = (on: HostName = HOST, drift = aDrift()): RunEvent => ({
  type: 'stale',
  at: LATER,
  host: on,
  drift,
});
const skipped = (on: HostName = HOST): RunEvent => ({
  type: 'outcomes',
  at: LATER,
  host: on,
  outcomes: [
    anOutcome('a', 'skipped', { why: { kind: 'references', now: [] } }),
    anOutcome('b', 'skipped', { why: { kind: 'stale' } }),
  ],
});
const finished = (on: HostName = HOST, more: { stale?: true } = { stale: true }): RunEvent => ({
  type: 'finished',
  at: LATER,
  host: on,
  report: { tookMs: 1, before: null, after: null, raced: [], ...more },
});
const deleted = (on: HostName): RunEvent => ({
  type: 'outcomes',
  at: LATER,
  host: on,
  outcomes: [anOutcome('a'), anOutcome('b')],
});
const part = aPart({ stage: 'planned', sent: 'execute', plan: aSummary() });
const executing = (hosts: Record<string, typeof part> = { [HOST]: part }): Run =>
  aRun({ state: 'executing', executingSince: NOW, hosts: hosts as Run['hosts'] });
const two = executing({ [HOST]: part, [OTHER]: part });

describe('a host that has changed too much', () => {
  test('ends the run stale, with the difference', () => {
    const run = play(executing(), stale(), skipped(), finished());
    expect(run).toMatchObject({ state: 'stale', endedAt: LATER });
    expect(run.hosts[HOST]?.drift).toEqual(aDrift());
  });

  test('ends it so in whatever order two bots hear of it', () => {
    const said = [stale(), skipped(), finished()];
    for (const [a = 0, b = 0, c = 0] of [
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const events = [said[a], said[b], said[c]] as RunEvent[];
      expect(play(executing(), ...events.slice(0, 2)).state).toBe('executing');
      expect(play(executing(), ...events).state).toBe('stale');
    }
  });

  test('keeps the difference that came first', () => {
    const once = step(executing(), stale());
    expect(step(once, stale(HOST, aDrift({ unmatched: 4 })))).toBe(once);
  });

  test('says nothing where nobody allowed an execution', () => {
    const proposed: Run = { ...executing(), state: 'proposed' };
    expect(step(proposed, stale())).toBe(proposed);
  });

  test('with build cache ends once that is left as well', () => {
    const run = executing({ [HOST]: { ...part, plan: aSummary({ cache: 3 }) } });
    const open = play(run, stale(), skipped(), finished());
    expect(open.state).toBe('executing');
    const cache = { deleted: 0, skipped: 3, failed: 0, freed: 0, why: { kind: 'stale' } } as const;
    expect(step(open, { type: 'cache', at: LATER, host: HOST, cache }).state).toBe('stale');
  });

  test('of several: all make the run stale, some make it partial', () => {
    const one = play(two, stale(), skipped(), finished());
    expect(one.state).toBe('executing');
    expect(play(one, stale(OTHER), skipped(OTHER), finished(OTHER)).state).toBe('stale');
    expect(play(one, deleted(OTHER), finished(OTHER, {})).state).toBe('partial');
    // It was looked at image by image, which is another thing.
    expect(play(one, skipped(OTHER), finished(OTHER, {})).state).toBe('partial');
  });

  test('beside one that had nothing to do is all there was', () => {
    const idle = { ...part, stage: 'ended' as const, plan: aSummary({ items: 0 }) };
    expect(play(executing({ [HOST]: part, [OTHER]: idle }), stale(), skipped(), finished()).state).toBe(
      'stale',
    );
  });

  test.each<[RunState, ReturnType<typeof anOutcome>[]]>([
    ['unknown', [anOutcome('a', 'unknown'), anOutcome('b', 'unknown')]],
    ['cancelled', ['a', 'b'].map((name) => anOutcome(name, 'skipped', { why: { kind: 'cancelled' } }))],
    ['failed', [anOutcome('a', 'failed'), anOutcome('b', 'failed')]],
  ])('gives way to another end of another host: %s', (state, outcomes) => {
    const one = play(two, stale(), skipped(), finished());
    const end = play(one, { type: 'outcomes', at: LATER, host: OTHER, outcomes }, finished(OTHER, {}));
    expect(end.state).toBe(state);
  });

  test('whose agent died after it said so has touched nothing', () => {
    const outcomes = ['a', 'b'].map((name) => anOutcome(name, 'skipped', { why: { kind: 'lost' } }));
    const broken: RunEvent = { type: 'broken', at: LATER, host: HOST, why: { kind: 'lost' }, outcomes };
    expect(play(executing(), stale(), broken).state).toBe('stale');
  });

  test('makes a rollout wait before the next ones', () => {
    const wait = play(
      { ...two, waves: { hosts: [[HOST], [OTHER]], now: 0, since: NOW }, rollout: { batch: 1 } },
      stale(),
      skipped(),
      finished(),
    );
    expect(wait).toMatchObject({ state: 'executing', paused: { why: 'trouble' } });
  });
});

describe('asking for the same again', () => {
  const again = (by = BEN, run = 1043): RunEvent => ({ type: 'again', at: LATER, by, run: runId(run) });
  const over = (state: RunState, given: Partial<Run> = {}) => aRun({ state, endedAt: NOW, ...given });

  test.each<RunState>(['stale', 'expired'])('is noted on a run that is %s, once', (state) => {
    const run = over(state);
    const once = step(run, again());
    expect(once).toEqual({ ...run, again: { by: BEN, at: LATER, run: 1043 } });
    expect(step(once, again(ANA, 1044))).toBe(once);
    expect(
      objection(once, again(ANA))
        ?.map((node) => ('text' in node ? node.text : ''))
        .join(''),
    ).toBe('#1042 was asked for again already: see #1043.');
  });

  test.each<RunState>(['planning', 'proposed', 'executing', 'done', 'partial', 'denied', 'cancelled'])(
    'is not what a run that is %s is for',
    (state) => {
      const run = over(state);
      expect(step(run, again())).toBe(run);
      expect(objection(run, again())).not.toBeNull();
    },
  );

  test('is not for an undo', () => {
    const run = over('expired', { selection: { kind: 'undo', run: runId(7) } });
    expect(step(run, again())).toBe(run);
  });
});

test('a run that a bot stored before this was known is read with the default', () => {
  const { staleOver: _, ...policy } = aPolicy();
  expect(Run.parse({ ...aRun(), policy }).policy.staleOver).toBe(0.5);
});
