import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/event.ts';
import type { Problem } from '../../src/domain/plan.ts';
import type { Run } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import {
  ANA,
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
const play = (run: Run, ...events: RunEvent[]) => events.reduce(step, run);
const planned = (given: Parameters<typeof aSummary>[0] = {}, on = HOST): RunEvent => ({
  type: 'planned',
  at: NOW,
  host: on,
  plan: aSummary(given),
});
/** As an undo is made: nothing more is asked. */
const undoing = (given: Partial<Run> = {}): Run =>
  aRun({ selection: { kind: 'undo', run: runId(7) }, skipConfirmation: true, ...given });

describe('an undo', () => {
  test('starts by itself once it is planned', () => {
    expect(play(undoing(), planned({ reclaim: 0 }))).toMatchObject({
      state: 'executing',
      executingSince: NOW,
    });
  });

  test('asks for no approval, whatever rules there are', () => {
    const policy = aPolicy({ hostsOver: 1, reclaimOver: 0, irrecoverable: true });
    const run = undoing({ policy, hosts: { [HOST]: aPart(), [host('host-4')]: aPart() } });
    const summary = { irrecoverableTagged: 1, containers: 1 };
    expect(play(run, planned(summary), planned(summary, host('host-4')))).toMatchObject({
      state: 'executing',
      approvalFor: [],
    });
  });

  test('ends refused where all is lost, and done where it came back', () => {
    const lost: Problem = { kind: 'lost', why: 'irrecoverable', names: ['app:1'], count: 1 };
    expect(play(undoing(), planned({ items: 0, problems: [lost] })).state).toBe('refused');
    const events: RunEvent[] = [
      { type: 'outcomes', at: LATER, host: HOST, outcomes: [anOutcome('a', 'restored')] },
      {
        type: 'finished',
        at: LATER,
        host: HOST,
        report: { tookMs: 1, before: null, after: null, raced: [] },
      },
    ];
    expect(play(undoing(), planned({ items: 1, problems: [lost] }), ...events).state).toBe('done');
  });

  test('is partial where a host was not reached, so that another may follow', () => {
    const run = undoing({ hosts: { [HOST]: aPart(), [host('host-4')]: aPart() } });
    const report = { tookMs: 1, before: null, after: null, raced: [] };
    const end = play(
      run,
      { type: 'unplanned', at: NOW, host: host('host-4'), why: { kind: 'no-answer' } },
      planned({ items: 1 }),
      { type: 'outcomes', at: LATER, host: HOST, outcomes: [anOutcome('a', 'restored')] },
      { type: 'finished', at: LATER, host: HOST, report },
    );
    expect(end.state).toBe('partial');
  });
});

describe('a run that is undone', () => {
  const done = aRun({
    state: 'done',
    endedAt: NOW,
    hosts: { [HOST]: aPart({ stage: 'ended', plan: aSummary(), outcomes: [anOutcome('a')] }) },
  });
  const undo = (by = BEN, run = 1043, after: number | null = null): RunEvent => ({
    type: 'undo',
    at: LATER,
    by,
    run: runId(run),
    after: after === null ? null : runId(after),
  });

  test('notes who did, when and by which run, every time', () => {
    const once = step(done, undo());
    expect(once).toEqual({ ...done, undone: [{ by: BEN, at: LATER, run: 1043 }] });
    expect(step(once, undo(ANA, 1050, 1043)).undone).toEqual([
      { by: BEN, at: LATER, run: 1043 },
      { by: ANA, at: LATER, run: 1050 },
    ]);
  });

  test('is undone once by those who saw the same, whoever comes second', () => {
    const once = step(done, undo());
    expect(step(once, undo(ANA, 1050))).toBe(once);
    expect(step(done, undo(BEN, 1043, 1042))).toBe(done);
  });

  test('is not where there is nothing to undo', () => {
    for (const run of [
      aRun({ state: 'denied' }),
      { ...done, state: 'executing' } as Run,
      undoing({ state: 'done' }),
    ])
      expect(step(run, undo())).toBe(run);
  });
});

describe('what a plan finds', () => {
  test.each<[Problem, Run['state']]>([
    [{ kind: 'not-found', name: 'x:1' }, 'refused'],
    [{ kind: 'ambiguous', name: 'abc', matches: [] }, 'refused'],
    [{ kind: 'no-disk' }, 'refused'],
    [{ kind: 'not-allowed', what: 'build-cache' }, 'empty'],
    [{ kind: 'goal-missed', wanted: 2, reached: 1 }, 'empty'],
  ])('with nothing to go, %j, ends it %s', (problem, state) => {
    expect(play(aRun(), planned({ items: 0, problems: [problem] })).state).toBe(state);
    expect(play(aRun(), planned({ items: 1, problems: [problem] })).state).toBe('proposed');
  });

  test.each<[string, Run['approvalFor'], Partial<Run>]>([
    ['stopped containers need an approval', ['stopped-containers'], {}],
    ['unless the rule is off', [], { policy: aPolicy({ stoppedContainers: false }) }],
    ['also with prune -f', ['stopped-containers'], { skipConfirmation: true }],
  ])('%s', (_, approvalFor, given) => {
    expect(play(aRun(given), planned({ containers: 1 }))).toMatchObject({ state: 'proposed', approvalFor });
    expect(play(aRun(given), planned()).approvalFor).toEqual([]);
  });

  test('hosts with build cache alone count among those that a limit is about', () => {
    const run = aRun({
      policy: aPolicy({ hostsOver: 1 }),
      hosts: { [HOST]: aPart(), [host('host-4')]: aPart() },
    });
    const cache = { items: 0, cache: 1 };
    expect(play(run, planned(cache), planned(cache, host('host-4'))).approvalFor).toEqual(['hosts-over']);
  });
});
