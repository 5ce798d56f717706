import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/event.ts';
import type { HostName } from '../../src/domain/ids.ts';
import type { Rollout, Run } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import { ANA, anOutcome, aPart, aRun, aSummary, BEN, host, MINUTE, NOW } from './_build.ts';

const names = ['a', 'b', 'c', 'd', 'e'].map(host);
const [A, B, C, D, E] = names as [HostName, HostName, HostName, HostName, HostName];
const LATER = NOW + MINUTE;

const planned = (on: HostName, items = 1): RunEvent => ({
  type: 'planned',
  at: NOW,
  host: on,
  plan: aSummary({ items }),
});
const ended = (on: HostName, ...outcomes: ReturnType<typeof anOutcome>[]): RunEvent[] => [
  { type: 'outcomes', at: LATER, host: on, outcomes: outcomes.length > 0 ? outcomes : [anOutcome('x')] },
  { type: 'finished', at: LATER, host: on, report: { tookMs: 5, before: null, after: null, raced: [] } },
];
const lost = (on: HostName): RunEvent => ({
  type: 'broken',
  at: LATER,
  host: on,
  why: { kind: 'lost' },
  outcomes: [anOutcome('x', 'failed')],
});
const goOn: RunEvent = { type: 'continue', at: LATER + 1, by: BEN, wave: 0 };
const play = (run: Run, ...events: RunEvent[]) => events.reduce(step, run);
/** Confirmed, over so many hosts. */
const begun = (rollout: Rollout, hosts = names): Run =>
  play(
    aRun({ rollout, hosts: Object.fromEntries(hosts.map((name) => [name, aPart()])) as Run['hosts'] }),
    ...hosts.map((name) => planned(name)),
    { type: 'confirm', at: NOW, by: ANA },
  );

describe('a rollout', () => {
  test('begins with its first wave when it is confirmed', () => {
    expect(begun({ canary: 1 })).toMatchObject({ state: 'executing', waves: { now: 0, since: NOW } });
    expect(begun({ canary: 1 }).paused).toBeUndefined();
  });

  test('leaves hosts on which nothing goes out of the count', () => {
    const some = names.slice(0, 3);
    const run = play(
      aRun({
        rollout: { canary: 1 },
        hosts: Object.fromEntries(some.map((name) => [name, aPart()])) as Run['hosts'],
      }),
      planned(A, 0),
      planned(B),
      planned(C),
      { type: 'confirm', at: NOW, by: ANA },
    );
    expect(run.waves?.hosts).toEqual([[B], [C]]);
  });

  test('waits after its canaries until somebody continues it, or as long as a proposal stands', () => {
    const run = play(begun({ canary: 2 }), ...ended(A));
    expect(run.paused).toBeUndefined();
    const paused = play(run, ...ended(B));
    expect(paused).toMatchObject({
      state: 'executing',
      waves: { now: 0 },
      paused: { at: LATER, until: LATER + 30 * MINUTE, why: 'canary' },
    });
    const on = step(paused, goOn);
    expect(on).toMatchObject({
      waves: { now: 1, since: LATER + 1 },
      continued: [{ by: BEN, at: LATER + 1 }],
    });
    expect(on.paused).toBeUndefined();
  });

  test('goes from batch to batch by itself while all is well, and waits for canaries only once', () => {
    const first = play(begun({ canary: 1, batch: 2 }), ...ended(A), goOn);
    expect(play(first, ...ended(B))).toMatchObject({ waves: { now: 1 } });
    const second = play(first, ...ended(B), ...ended(C));
    expect(second).toMatchObject({ waves: { now: 2, since: LATER } });
    expect(second.paused).toBeUndefined();
    expect(play(begun({ batch: 2 }), ...ended(A), ...ended(B))).toMatchObject({ waves: { now: 1 } });
    expect(play(second, ...ended(D), ...ended(E)).state).toBe('done');
  });

  test.each<[string, RunEvent[]]>([
    ['something failed', ended(A, anOutcome('x', 'failed'))],
    ['something is unknown', ended(A, anOutcome('x', 'unknown'))],
    ['a host fell silent', [lost(A)]],
  ])('waits where %s, also within batches', (_, events) => {
    for (const rollout of [{ canary: 1 }, { batch: 1 }]) {
      const run = play(begun(rollout), ...events);
      expect(run).toMatchObject({ waves: { now: 0 }, paused: { why: 'trouble' } });
      expect(step(run, goOn)).toMatchObject({ waves: { now: 1 } });
    }
    const later = play(begun({ batch: 1 }, [A, B, C]), ...ended(A), ...ended(B, anOutcome('x', 'failed')));
    expect(later).toMatchObject({ waves: { now: 1 }, paused: { why: 'trouble' } });
  });

  test('does not wait where something was skipped or gone already', () => {
    for (const outcome of ['skipped', 'absent'] as const)
      expect(play(begun({ batch: 1 }), ...ended(A, anOutcome('x', outcome)))).toMatchObject({
        waves: { now: 1 },
      });
  });

  test('waits where build cache could not be deleted, and not where it was in use', () => {
    const cached = (failed: number): Run =>
      play(
        aRun({ rollout: { batch: 1 }, hosts: { [A]: aPart(), [B]: aPart() } }),
        ...[A, B].map(
          (name): RunEvent => ({
            type: 'planned',
            at: NOW,
            host: name,
            plan: aSummary({ items: 0, cache: 2 }),
          }),
        ),
        { type: 'confirm', at: NOW, by: ANA },
        { type: 'cache', at: LATER, host: A, cache: { deleted: 1, skipped: 1 - failed, failed, freed: 1 } },
        ...ended(A).slice(1),
      );
    expect(cached(1)).toMatchObject({ paused: { why: 'trouble' } });
    expect(cached(0)).toMatchObject({ waves: { now: 1 } });
  });

  test('ends after its last wave without waiting, whatever happened there', () => {
    const run = play(begun({ batch: 1 }, [A, B]), ...ended(A));
    expect(play(run, ...ended(B, anOutcome('x', 'failed')))).toMatchObject({ state: 'partial' });
    expect(play(run, ...ended(B))).toMatchObject({ state: 'done', waves: { now: 1 } });
  });

  test('stays as it is while it waits', () => {
    const paused = play(begun({ canary: 1 }), ...ended(A));
    for (const event of [...ended(A), { type: 'expire', at: LATER + 60 * MINUTE } as const])
      expect(step(paused, event)).toBe(paused);
  });

  test('can be cancelled while it waits: the others are skipped, and no wave starts', () => {
    const skipped = (on: HostName): RunEvent => ({
      type: 'broken',
      at: LATER,
      host: on,
      why: { kind: 'cancelled' },
      outcomes: [anOutcome('x', 'skipped', { why: { kind: 'cancelled' } })],
    });
    const run = play(begun({ canary: 1 }, [A, B, C]), ...ended(A), { type: 'cancel', at: LATER, by: ANA });
    expect(run).toMatchObject({ state: 'executing', waves: { now: 0 }, cancel: { by: ANA } });
    expect(step(run, goOn)).toBe(run);
    expect(play(run, skipped(B))).toMatchObject({ state: 'executing', waves: { now: 0 } });
    expect(play(run, skipped(B), skipped(C))).toMatchObject({ state: 'cancelled' });
  });

  test('that is cancelled before its first wave is over starts no other', () => {
    const run = play(begun({ batch: 1 }), { type: 'cancel', at: LATER, by: ANA }, ...ended(A));
    expect(run).toMatchObject({ waves: { now: 0 } });
    expect(run.paused).toBeUndefined();
  });

  test('ends where nobody continues it: the others are skipped', () => {
    const paused = play(begun({ canary: 1 }, [A, B, C]), ...ended(A));
    const expired = [B, C].map(
      (on): RunEvent => ({
        type: 'broken',
        at: LATER + 30 * MINUTE,
        host: on,
        why: { kind: 'expired' },
        outcomes: [anOutcome('x', 'skipped', { why: { kind: 'expired' } })],
      }),
    );
    expect(play(paused, ...expired)).toMatchObject({ state: 'partial', waves: { now: 0 } });
    expect(step(paused, { ...goOn, at: LATER + 30 * MINUTE } as RunEvent)).toBe(paused);
  });
});
