import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/event.ts';
import { factsOf } from '../../src/domain/facts.ts';
import type { HostPart, Run } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import { ANA, aDrift, anOutcome, aPart, aRun, aSummary, HOST, host, MINUTE, NOW, pruning } from './_build.ts';

const LATER = NOW + MINUTE;
const OTHER = host('host-4');
const lost = { kind: 'lost' } as const;
const play = (run: Run, ...events: RunEvent[]) => events.reduce(step, run);
const outcomes = (...list: ReturnType<typeof anOutcome>[]): RunEvent => ({
  ...{ type: 'outcomes', at: LATER, host: HOST, outcomes: list },
});
const report = { tookMs: 7, before: null, after: null, raced: [] };
const finished = (more = {}): RunEvent => ({
  ...{ type: 'finished', at: LATER, host: HOST, report: { ...report, ...more } },
});
const unknown = (name: string) => anOutcome(name, 'unknown', { why: lost });
const broken = (of = HOST): RunEvent => ({
  ...{ type: 'broken', at: LATER, host: of, why: lost, outcomes: [unknown('a'), unknown('b')] },
});
const disowned = (kind: 'restarted' | 'expired' = 'restarted'): RunEvent => ({
  ...{ type: 'disowned', at: LATER, host: HOST, why: { kind } },
  outcomes: [anOutcome('a', 'failed', { why: { kind } }), anOutcome('b', 'failed', { why: { kind } })],
});

const part = aPart({ stage: 'planned', sent: 'execute', plan: aSummary() });
const executing = (hosts: Record<string, HostPart> = { [HOST]: part }, given: Partial<Run> = {}): Run =>
  aRun({ state: 'executing', executingSince: NOW, hosts: hosts as Run['hosts'], ...given });
const over = step(executing(), broken());
const [a, b] = [anOutcome('a'), anOutcome('b', 'skipped', { why: { kind: 'self' } })];

describe('the later word of a host', () => {
  test('replaces what was unknown, one by one; the run is unknown until all is known', () => {
    expect(over.state).toBe('unknown');
    const half = step(over, outcomes(a));
    expect(half).toMatchObject({ state: 'unknown', endedAt: over.endedAt });
    expect(half.hosts[HOST]).toMatchObject({ outcomes: [a, unknown('b')], trouble: lost });
    const whole = play(half, outcomes(b), finished());
    expect(whole).toMatchObject({ state: 'partial', endedAt: over.endedAt });
    expect(whole.hosts[HOST]).toMatchObject({ outcomes: [a, b], finished: report });
    expect(whole.hosts[HOST]?.trouble).toBeUndefined();
  });

  test.each([
    ['deleted', 'done'],
    ['untagged', 'done'],
    ['absent', 'done'],
    ['skipped', 'partial'],
    ['failed', 'failed'],
  ] as const)('that all was %s makes it %s', (outcome, state) => {
    expect(step(over, outcomes(anOutcome('a', outcome), anOutcome('b', outcome))).state).toBe(state);
  });

  test('is the same in whatever order it comes', () => {
    const words = [outcomes(a), outcomes(b), finished()];
    const ends = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ].map((order) => play(over, ...order.map((i) => words[i] as RunEvent)));
    for (const end of ends) expect(end).toEqual(ends[0]);
  });

  test('never replaces what is known', () => {
    const known = step(executing(), outcomes(anOutcome('a')));
    const broke = step(known, broken());
    expect(broke.hosts[HOST]?.outcomes).toEqual([anOutcome('a'), unknown('b')]);
    const end = play(broke, outcomes(anOutcome('a', 'failed'), b));
    expect(end.hosts[HOST]?.outcomes).toEqual([anOutcome('a'), b]);
    expect(step(end, outcomes(anOutcome('b', 'deleted'), unknown('b')))).toBe(end);
    expect(step(over, outcomes(unknown('a')))).toBe(over);
    expect(step(over, outcomes(anOutcome('stranger')))).toBe(over);
  });

  test('is heard of an agent that itself did not know', () => {
    const hung = play(executing(), outcomes(a, anOutcome('b', 'unknown')), finished());
    expect(hung.state).toBe('unknown');
    expect(step(hung, outcomes(b)).state).toBe('partial');
    // Before its last word as well.
    const going = step(executing(), outcomes(anOutcome('a', 'unknown')));
    expect(step(going, outcomes(a)).hosts[HOST]?.outcomes).toEqual([a]);
  });

  test('is heard while others are still at work', () => {
    const two = executing({ [HOST]: part, [OTHER]: part });
    const half = play(two, broken(), outcomes(a, b));
    expect(half.state).toBe('executing');
    expect(half.hosts[HOST]).toMatchObject({ stage: 'ended', outcomes: [a, b] });
    expect(half.hosts[HOST]?.trouble).toBeUndefined();
    const end = step(half, broken(OTHER));
    expect(end.state).toBe('unknown');
  });

  test('lets a rollout that stopped for it wait for a person all the same', () => {
    const waves = { hosts: [[HOST], [OTHER]] as [typeof HOST][], now: 0, since: NOW };
    const paused = step(
      executing({ [HOST]: part, [OTHER]: part }, { waves, rollout: { batch: 1 } }),
      broken(),
    );
    expect(paused.paused?.why).toBe('trouble');
    const told = step(paused, outcomes(a, anOutcome('b')));
    expect(told).toMatchObject({ paused: paused.paused, waves: { now: 0 } });
    expect(step(told, { type: 'continue', at: LATER, by: ANA, wave: 0 }).waves?.now).toBe(1);
  });

  test('that it never began ends what was unknown, and only where nothing else was heard', () => {
    expect(step(over, disowned())).toMatchObject({
      state: 'failed',
      hosts: {
        [HOST]: { trouble: { kind: 'restarted' }, outcomes: [{ outcome: 'failed' }, { outcome: 'failed' }] },
      },
    });
    const heard = step(over, outcomes(a));
    expect(step(heard, disowned())).toBe(heard);
    const begun = play(executing(), { type: 'started', at: LATER, host: HOST });
    expect(step(begun, disowned())).toBe(begun);
  });

  test('that it had changed too much makes the run stale', () => {
    const stale = { why: { kind: 'stale' } } as const;
    const skipped = outcomes(anOutcome('a', 'skipped', stale), anOutcome('b', 'skipped', stale));
    const end = play(
      over,
      { type: 'stale', at: LATER, host: HOST, drift: aDrift() },
      skipped,
      finished({ stale: true }),
    );
    expect(end.state).toBe('stale');
  });

  test('of an undo makes it done', () => {
    const undo = { ...over, selection: { kind: 'undo', run: over.id } as never };
    expect(play(undo, outcomes(anOutcome('a', 'restored'), anOutcome('b', 'restored'))).state).toBe('done');
  });

  test('adds what it measured also where all was known when it fell silent', () => {
    const known = play(executing(), outcomes(a, b), broken());
    expect(known.state).toBe('partial');
    const end = step(known, finished());
    expect(end).toMatchObject({ state: 'partial', hosts: { [HOST]: { finished: report } } });
    expect(step(end, finished({ tookMs: 9 }))).toBe(end);
  });

  test.each(['failed', 'skipped'] as const)(
    'does not touch what was %s since it was never handed out',
    (outcome) => {
      const unsent = executing({ [HOST]: { ...part, sent: 'plan' } });
      const why = { kind: 'lost' } as const;
      const end = step(unsent, {
        ...{ type: 'broken', at: LATER, host: HOST, why, unsent: true },
        outcomes: [anOutcome('a', outcome, { why }), anOutcome('b', outcome, { why })],
      });
      expect(end.state).not.toBe('executing');
      for (const word of [outcomes(a, b), finished(), disowned()]) expect(step(end, word)).toBe(end);
    },
  );
});

describe('the build cache of a host that fell silent', () => {
  const cached = { ...part, plan: aSummary({ items: 0, cache: 3 }) };
  const nobody = { deleted: 0, skipped: 0, failed: 0, unknown: 3, freed: 0, why: lost };
  const told = { deleted: 2, skipped: 1, failed: 0, freed: 50 };
  const cache = (of: typeof told): RunEvent => ({ type: 'cache', at: LATER, host: HOST, cache: of });
  const end = step(executing({ [HOST]: cached }, { selection: pruning({ cache: true } as never) }), {
    ...{ type: 'broken', at: LATER, host: HOST, why: lost, outcomes: [], cache: nobody },
  });

  test('is unknown, and known later', () => {
    expect(end.state).toBe('unknown');
    const later = step(end, cache(told));
    expect(later).toMatchObject({ state: 'partial', hosts: { [HOST]: { cache: told } } });
    expect(later.hosts[HOST]?.trouble).toBeUndefined();
    expect(step(later, cache({ ...told, deleted: 3 }))).toBe(later);
  });

  test('has an entry of the audit for each', () => {
    const [before, later] = [executing({ [HOST]: cached }), step(end, cache(told))];
    expect(factsOf(before, end, LATER, () => [])).toMatchObject([
      { kind: 'outcome', host: HOST, outcome: 'unknown', cache: 3, bytes: 0 },
      { kind: 'ended', state: 'unknown' },
    ]);
    expect(factsOf(end, later, LATER, () => [])).toMatchObject([
      { kind: 'outcome', host: HOST, outcome: 'deleted', cache: 2, bytes: 50 },
      { kind: 'ended', state: 'partial', items: 2 },
    ]);
  });
});

test('what is known later has one further entry for each image, and one for how the run ended', () => {
  const half = step(over, outcomes(a));
  const whole = step(half, outcomes(b));
  const names = (_: unknown, image: string) => [image.slice(7, 9)];
  expect(factsOf(over, half, LATER, names)).toMatchObject([
    { at: LATER, kind: 'outcome', image: a.image, outcome: 'deleted', bytes: a.freed },
  ]);
  expect(factsOf(half, whole, LATER, names)).toMatchObject([
    { kind: 'outcome', image: b.image, outcome: 'skipped' },
    { kind: 'ended', state: 'partial', items: 1, bytes: a.freed },
  ]);
  expect(factsOf(whole, step(whole, finished()), LATER, names)).toEqual([]);
});
