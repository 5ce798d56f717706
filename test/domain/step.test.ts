import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/event.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import { isFinal, type Run, RunState } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import {
  ANA,
  aDrift,
  anItem,
  anOutcome,
  aPart,
  aPlan,
  aPolicy,
  aRun,
  aSummary,
  BEN,
  CLEO,
  HOST,
  host,
  id,
  MINUTE,
  NOW,
  removing,
  runId,
  SECOND,
} from './_build.ts';

const LATER = NOW + MINUTE;
const OTHER = host('host-4');
const play = (run: Run, ...events: RunEvent[]) => events.reduce(step, run);

const planned = (given: Parameters<typeof aSummary>[0] = {}, on = HOST): RunEvent => ({
  type: 'planned',
  at: NOW,
  host: on,
  plan: aSummary(given),
});
const unplanned = (on = HOST): RunEvent => ({
  type: 'unplanned',
  at: NOW,
  host: on,
  why: { kind: 'no-answer' },
});
const confirm: RunEvent = { type: 'confirm', at: LATER, by: ANA };
const approve = (by = BEN): RunEvent => ({ type: 'approve', at: LATER, by });
const deny: RunEvent = { type: 'deny', at: LATER, by: BEN, reason: 'not today' };
const cancel: RunEvent = { type: 'cancel', at: LATER, by: ANA };
const expire = (at: number): RunEvent => ({ type: 'expire', at });
const started: RunEvent = { type: 'started', at: LATER, host: HOST };
const outcomes = (list: ReturnType<typeof anOutcome>[], on = HOST): RunEvent => ({
  type: 'outcomes',
  at: LATER,
  host: on,
  outcomes: list,
});
const finished = (on = HOST): RunEvent => ({
  type: 'finished',
  at: LATER,
  host: on,
  report: { tookMs: 5, before: null, after: null, raced: [] },
});
const broken = (list: ReturnType<typeof anOutcome>[], on = HOST): RunEvent => ({
  type: 'broken',
  at: LATER,
  host: on,
  why: { kind: 'lost' },
  outcomes: list,
});

const proposed = play(aRun(), planned());
const forApproval = play(aRun({ selection: removing(['app:1'], true) }), planned());
const executing = step(proposed, confirm);
const both = [anOutcome('a'), anOutcome('b')];
const twoHosts = aRun({ where: 'host-*', hosts: { [HOST]: aPart(), [OTHER]: aPart() } });

describe('planning', () => {
  test('becomes proposed once there is something to delete, with the time at which it expires', () => {
    expect(proposed).toMatchObject({
      state: 'proposed',
      proposedAt: NOW,
      expiresAt: NOW + 30 * MINUTE,
      approvalFor: [],
      hosts: { [HOST]: { stage: 'planned', plan: { items: 2 } } },
    });
  });

  test('ends empty where nothing is to be deleted', () => {
    expect(play(aRun(), planned({ items: 0 }))).toMatchObject({ state: 'empty', endedAt: NOW });
  });

  test('ends refused where nothing could be planned', () => {
    expect(play(aRun(), unplanned())).toMatchObject({
      state: 'refused',
      endedAt: NOW,
      hosts: { [HOST]: { stage: 'ended', trouble: { kind: 'no-answer' } } },
    });
    const nameless = planned({ items: 0, problems: [{ kind: 'not-found', name: 'app:9' }] });
    expect(play(aRun(), nameless).state).toBe('refused');
  });

  test('ends refused on request, and keeps the words', () => {
    const run = step(aRun(), { type: 'refuse', at: LATER, why: 'Slack took no message' });
    expect(run).toMatchObject({ state: 'refused', refusal: 'Slack took no message', endedAt: LATER });
  });

  test('waits for every host, and goes on without those that could not be planned', () => {
    const one = step(twoHosts, planned());
    expect(one.state).toBe('planning');
    expect(step(one, unplanned(OTHER)).state).toBe('proposed');
    expect(play(twoHosts, unplanned(), unplanned(OTHER)).state).toBe('refused');
    expect(play(twoHosts, unplanned(), planned({ items: 0 }, OTHER)).state).toBe('empty');
  });

  test('takes one plan of each host: a second one, or one that comes too late, changes nothing', () => {
    const one = step(twoHosts, planned());
    expect(step(one, planned({ items: 9 }))).toBe(one);
    const late = step(twoHosts, unplanned());
    expect(step(late, planned())).toBe(late);
    expect(step(proposed, planned({ items: 9 }))).toBe(proposed);
  });

  test('leaves a host aside that is not of this run', () => {
    const run = aRun();
    expect(step(run, planned({}, OTHER))).toBe(run);
  });

  test('starts at once with prune -f, where no approval is needed', () => {
    const run = play(aRun({ skipConfirmation: true }), planned());
    expect(run).toMatchObject({ state: 'executing', executingSince: NOW });
    expect(run.confirmed).toBeUndefined();
  });

  test('waits for approval also with prune -f, where a rule asks for one', () => {
    const policy = aPolicy({ reclaimOver: 199 });
    const run = play(aRun({ skipConfirmation: true, policy }), planned({ reclaim: 200 }));
    expect(run).toMatchObject({ state: 'proposed', approvalFor: ['reclaim-over'] });
  });

  test('of a dry run is done when planned, and deletes nothing', () => {
    for (const skipConfirmation of [false, true]) {
      const run = play(aRun({ dryRun: true, skipConfirmation }), planned());
      expect(run.state).toBe('done');
      expect(play(run, confirm, started, outcomes(both))).toBe(run);
    }
    expect(play(aRun({ dryRun: true }), planned({ items: 0 })).state).toBe('empty');
  });

  test('notes the card once', () => {
    const { card: _, planningSince: __, ...bare } = aRun();
    const posted: RunEvent = { type: 'posted', at: LATER, card: { channel: 'C1', ts: '2.2' } };
    const run = step(bare, posted);
    expect(run).toMatchObject({ card: { channel: 'C1', ts: '2.2' }, planningSince: LATER });
    expect(step(run, { ...posted, card: { channel: 'C1', ts: '3.3' } })).toBe(run);
    // One that was refused while Slack was away has its card later, and nothing else changes.
    const refused = step(bare, { type: 'refuse', at: LATER, why: 'x' });
    expect(step(refused, posted)).toEqual({ ...refused, card: { channel: 'C1', ts: '2.2' } });
    const shown = step(refused, posted);
    expect(step(shown, { ...posted, card: { channel: 'C1', ts: '3.3' } })).toBe(shown);
  });

  test('notes which jobs were handed out, once', () => {
    const sent: RunEvent = { type: 'sent', at: NOW, hosts: [HOST, OTHER], job: 'plan' };
    const run = step(twoHosts, sent);
    expect(Object.values(run.hosts).map((part) => part.sent)).toEqual(['plan', 'plan']);
    expect(step(run, sent)).toBe(run);
  });
});

describe('what needs an approval', () => {
  test.each<[string, Partial<Run>, Parameters<typeof aSummary>[0], Run['approvalFor']]>([
    ['rmi -f', { selection: removing(['app:1'], true) }, {}, ['force']],
    [
      'rmi -f where the rule is off',
      { selection: removing(['a:1'], true), policy: aPolicy({ force: false }) },
      {},
      [],
    ],
    ['rmi', { selection: removing(['app:1']) }, {}, []],
    ['prune -f', { skipConfirmation: true }, {}, []],
    ['a tagged image that can not be pulled again, by the default rule', {}, { irrecoverableTagged: 1 }, []],
    [
      'a tagged image that can not be pulled again',
      { policy: aPolicy({ irrecoverable: true }) },
      { irrecoverable: 1, irrecoverableTagged: 1 },
      ['irrecoverable'],
    ],
    [
      'a dangling image that can not be pulled again',
      { policy: aPolicy({ irrecoverable: true }) },
      { irrecoverable: 1 },
      [],
    ],
    [
      'more bytes than the limit',
      { policy: aPolicy({ reclaimOver: 100 }) },
      { reclaim: 101 },
      ['reclaim-over'],
    ],
    ['as many bytes as the limit', { policy: aPolicy({ reclaimOver: 100 }) }, { reclaim: 100 }, []],
    ['as many hosts as the limit', { policy: aPolicy({ hostsOver: 1 }) }, {}, []],
    [
      'several reasons at once',
      { selection: removing(['a:1'], true), policy: aPolicy({ irrecoverable: true, reclaimOver: 0 }) },
      { irrecoverableTagged: 1 },
      ['force', 'irrecoverable', 'reclaim-over'],
    ],
  ])('%s', (_, given, summary, reasons) => {
    expect(play(aRun(given), planned(summary)).approvalFor).toEqual(reasons);
  });

  test('more hosts than the limit: those on which something goes', () => {
    const run = { ...twoHosts, policy: aPolicy({ hostsOver: 1 }) };
    expect(play(run, planned(), planned({}, OTHER)).approvalFor).toEqual(['hosts-over']);
    expect(play(run, planned(), planned({ items: 0 }, OTHER)).approvalFor).toEqual([]);
  });
});

describe('a proposal that waits for confirmation', () => {
  test('is carried out when its requester confirms it', () => {
    expect(executing).toMatchObject({
      state: 'executing',
      confirmed: { by: ANA, at: LATER },
      executingSince: LATER,
    });
  });

  test.each([
    ['confirms it who did not ask', { ...confirm, by: BEN } as RunEvent],
    ['confirms it too late', { ...confirm, at: NOW + 30 * MINUTE } as RunEvent],
    ['approves it', approve()],
    ['denies it', deny],
    ['lets it expire before its time', expire(NOW + 30 * MINUTE - 1)],
  ])('does not move when somebody %s', (_, event) => {
    expect(step(proposed, event)).toBe(proposed);
  });

  test('can be cancelled', () => {
    expect(step(proposed, cancel)).toMatchObject({ state: 'cancelled', cancel: { by: ANA }, endedAt: LATER });
  });

  test('expires when its time has come', () => {
    const due = NOW + 30 * MINUTE;
    expect(step(proposed, expire(due))).toMatchObject({ state: 'expired', endedAt: due });
  });
});

describe('a proposal that waits for approval', () => {
  test('is carried out when somebody else approves it', () => {
    expect(step(forApproval, approve())).toMatchObject({
      state: 'executing',
      approvals: [{ by: BEN, at: LATER }],
    });
  });

  test.each([
    ['its requester approves it', approve(ANA)],
    ['its requester confirms it', confirm],
    ['its requester denies it', { ...deny, by: ANA } as RunEvent],
    ['somebody approves it too late', { ...approve(), at: NOW + 30 * MINUTE } as RunEvent],
    ['somebody denies it too late', { ...deny, at: NOW + 30 * MINUTE } as RunEvent],
  ])('does not move when %s', (_, event) => {
    expect(step(forApproval, event)).toBe(forApproval);
  });

  test('counts different people where two are needed', () => {
    const two = { ...forApproval, policy: aPolicy({}, { count: 2 }) };
    const one = step(two, approve());
    expect(one).toMatchObject({ state: 'proposed', approvals: [{ by: BEN }] });
    expect(step(one, approve(BEN))).toBe(one);
    expect(step(one, approve(ANA))).toBe(one);
    expect(step(one, approve(CLEO))).toMatchObject({
      state: 'executing',
      approvals: [{ by: BEN }, { by: CLEO }],
    });
  });

  test('is over when somebody else denies it, with the words', () => {
    expect(step(forApproval, deny)).toMatchObject({
      state: 'denied',
      denied: { by: BEN, at: LATER, reason: 'not today' },
      endedAt: LATER,
    });
  });
});

describe('execution', () => {
  test('ends done with the last outcome and the last word, in either order', () => {
    const orders: RunEvent[][] = [
      [started, outcomes([anOutcome('a')]), outcomes([anOutcome('b')]), finished()],
      [finished(), outcomes([anOutcome('b')]), outcomes([anOutcome('a')])],
      [outcomes([anOutcome('a')]), finished(), started, outcomes([anOutcome('b')])],
    ];
    for (const events of orders) {
      const before = play(executing, ...events.slice(0, -1));
      expect(before.state).toBe('executing');
      expect(play(before, ...events.slice(-1))).toMatchObject({ state: 'done', endedAt: LATER });
    }
  });

  test('takes one outcome of an image, however often and however it comes', () => {
    const again = [anOutcome('a', 'failed'), anOutcome('a')];
    const run = play(executing, outcomes([anOutcome('a')]), outcomes(again), outcomes([anOutcome('a')]));
    expect(run.hosts[HOST]?.outcomes).toEqual([anOutcome('a')]);
    const twice = step(executing, outcomes([anOutcome('a'), anOutcome('a', 'failed')]));
    expect(twice.hosts[HOST]?.outcomes).toEqual([anOutcome('a')]);
  });

  test('is cancelled only at the next image, and says so by the outcomes', () => {
    const stopping = step(executing, cancel);
    expect(stopping).toMatchObject({ state: 'executing', cancel: { by: ANA } });
    expect(step(stopping, cancel)).toBe(stopping);
    const skipped = anOutcome('b', 'skipped', { why: { kind: 'cancelled' } });
    expect(play(stopping, outcomes([anOutcome('a'), skipped]), finished()).state).toBe('cancelled');
    // Too late: everything was gone by then.
    expect(play(stopping, outcomes(both), finished()).state).toBe('done');
  });

  test('of a host that breaks off ends with the outcomes that were missing', () => {
    const run = play(
      executing,
      outcomes([anOutcome('a')]),
      broken([anOutcome('a', 'unknown'), anOutcome('b', 'unknown')]),
    );
    expect(run).toMatchObject({
      state: 'unknown',
      hosts: { [HOST]: { stage: 'ended', trouble: { kind: 'lost' } } },
    });
    expect(run.hosts[HOST]?.outcomes).toEqual([anOutcome('a'), anOutcome('b', 'unknown')]);
  });

  test('waits for every host, except those on which nothing was to be done', () => {
    const run = play(twoHosts, planned(), planned({}, OTHER), confirm);
    const one = play(run, outcomes(both), finished());
    expect(one.state).toBe('executing');
    expect(play(one, broken([anOutcome('c', 'failed'), anOutcome('d', 'failed')], OTHER)).state).toBe(
      'partial',
    );
    const idle = play(twoHosts, planned(), planned({ items: 0 }, OTHER), confirm);
    expect(idle.hosts[OTHER]?.stage).toBe('ended');
    expect(play(idle, outcomes(both), finished()).state).toBe('done');
  });

  test('does not end twice for one host', () => {
    const run = play(twoHosts, planned(), planned({}, OTHER), confirm, outcomes(both), finished());
    expect(step(run, broken([anOutcome('z', 'unknown')]))).toBe(run);
    expect(step(run, outcomes([anOutcome('z')]))).toBe(run);
    expect(step(run, finished())).toBe(run);
  });

  const skipped = anOutcome('b', 'skipped', {
    why: { kind: 'in-use', by: [{ container: 'x', running: true }] },
  });
  const stopped = anOutcome('b', 'skipped', { why: { kind: 'cancelled' } });
  test.each<[RunState, ReturnType<typeof anOutcome>[]]>([
    ['done', both],
    ['done', [anOutcome('a', 'untagged'), anOutcome('b', 'absent')]],
    ['partial', [anOutcome('a'), anOutcome('b', 'failed')]],
    ['partial', [anOutcome('a', 'absent'), anOutcome('b', 'failed')]],
    ['partial', [anOutcome('a'), skipped]],
    ['partial', [anOutcome('a', 'skipped'), skipped]],
    ['failed', [anOutcome('a', 'failed'), anOutcome('b', 'failed')]],
    ['failed', [anOutcome('a', 'failed'), skipped]],
    ['cancelled', [anOutcome('a'), stopped]],
    ['cancelled', [anOutcome('a', 'failed'), stopped]],
    ['unknown', [anOutcome('a', 'unknown'), anOutcome('b')]],
    ['unknown', [anOutcome('a', 'unknown'), stopped]],
  ])('ends %s with %j', (state, list) => {
    expect(play(executing, outcomes(list), finished()).state).toBe(state);
  });
});

test('approvers are reminded once, at half time, and a confirmation is not', () => {
  const remind = (at: number): RunEvent => ({ type: 'remind', at });
  const { proposedAt = 0, expiresAt = 0 } = forApproval;
  const half = (proposedAt + expiresAt) / 2;
  expect(step(forApproval, remind(half - 1))).toBe(forApproval);
  const reminded = step(forApproval, remind(half));
  expect(reminded).toEqual({ ...forApproval, remindedAt: half });
  expect(step(reminded, remind(half + SECOND))).toBe(reminded);
  expect(step(proposed, remind(half))).toBe(proposed);
});

describe('every state against every event', () => {
  // What the contract draws (§4); everything that is not here must leave the run as it is.
  const moves: Record<string, Partial<Record<RunEvent['type'], RunState>>> = {
    planning: { planned: 'proposed', unplanned: 'refused', refuse: 'refused', took: 'executing' },
    proposed: { took: 'executing', confirm: 'executing', cancel: 'cancelled', expire: 'expired' },
    'proposed for approval': {
      took: 'executing',
      approve: 'executing',
      deny: 'denied',
      cancel: 'cancelled',
      expire: 'expired',
    },
    executing: { broken: 'unknown', disowned: 'failed' },
  };
  /** Of a final run only this is noted: that another one brings back what it deleted, or asks for it again. */
  const UNDO = 'undo';
  const AGAIN = 'again';
  const events: Record<RunEvent['type'], RunEvent> = {
    posted: { type: 'posted', at: LATER, card: { channel: 'C1', ts: '9.9' } },
    refuse: { type: 'refuse', at: LATER, why: 'x' },
    sent: { type: 'sent', at: LATER, hosts: [HOST], job: 'plan' },
    planned: planned(),
    unplanned: unplanned(),
    confirm,
    approve: approve(),
    deny,
    cancel,
    continue: { type: 'continue', at: LATER, by: ANA, wave: 0 },
    expire: expire(NOW + 31 * MINUTE),
    remind: { type: 'remind', at: NOW + 15 * MINUTE },
    started,
    cache: { type: 'cache', at: LATER, host: HOST, cache: { deleted: 1, skipped: 0, failed: 0, freed: 1 } },
    [UNDO]: { type: 'undo', at: LATER, by: ANA, run: runId(1043), after: null },
    [AGAIN]: { type: 'again', at: LATER, by: ANA, run: runId(1043) },
    stale: { type: 'stale', at: LATER, host: HOST, drift: aDrift() },
    took: { type: 'took', at: LATER, host: HOST, plan: summarise(aPlan([anItem('a')])), images: [id('a')] },
    outcomes: outcomes(both),
    finished: finished(),
    broken: broken([anOutcome('a', 'unknown'), anOutcome('b', 'unknown')]),
    disowned: {
      ...{ type: 'disowned', at: LATER, host: HOST, why: { kind: 'restarted' } },
      outcomes: [anOutcome('a', 'failed'), anOutcome('b', 'failed')],
    },
  };
  const runs: [string, Run][] = [
    ['planning', aRun()],
    ['proposed', proposed],
    ['proposed for approval', forApproval],
    ['executing', executing],
    ...RunState.options.filter(isFinal).map((state): [string, Run] => [state, { ...executing, state }]),
  ];

  test.each(runs)('%s', (name, run) => {
    for (const [type, event] of Object.entries(events))
      expect([type, step(run, event).state]).toEqual([
        type,
        moves[name]?.[type as RunEvent['type']] ?? run.state,
      ]);
  });

  test.each(runs.filter(([, { state }]) => isFinal(state)))('%s is final: nothing changes it', (_, run) => {
    for (const event of Object.values(events))
      if (event.type !== UNDO && event.type !== AGAIN) expect(step(run, event)).toBe(run);
  });

  test.each(runs.filter(([, { state }]) => state === 'planning' || state === 'proposed'))(
    '%s takes no word of an execution that nobody allowed',
    (_, run) => {
      for (const event of [events.started, events.stale, events.outcomes, events.finished, events.broken])
        expect(step(run, event)).toBe(run);
    },
  );

  test('exactly planning, proposed and executing are not final', () => {
    expect(RunState.options.filter((state) => !isFinal(state))).toEqual([
      'planning',
      'proposed',
      'executing',
    ]);
  });
});

test('a job that was handed out late is noted while the run is executing', () => {
  const run = step(executing, { type: 'sent', at: LATER + SECOND, hosts: [HOST], job: 'execute' });
  expect(run.hosts[HOST]?.sent).toBe('execute');
});

describe('a job that is about to be handed out', () => {
  const about: RunEvent = { type: 'sent', at: LATER, hosts: [HOST], job: 'sending' };
  const left: RunEvent = {
    ...{ type: 'broken', at: LATER, host: HOST, why: { kind: 'cancelled' } },
    ...{ outcomes: [anOutcome('a', 'skipped')], unsent: true },
  };

  test('is noted before it is', () => {
    const run = step(executing, about);
    expect(run.hosts[HOST]?.sent).toBe('sending');
    expect(step(run, about)).toBe(run);
    const sent = step(run, { ...about, job: 'execute' });
    expect(sent.hosts[HOST]?.sent).toBe('execute');
    expect(step(sent, about)).toBe(sent);
  });

  test.each(['sending', 'execute'] as const)(
    'is not taken back once it is %s, by a bot that tells late that the plan’s job is sent',
    (job) => {
      const run = step(executing, { ...about, job });
      expect(run.hosts[HOST]?.sent).toBe(job);
      expect(step(run, { ...about, job: 'plan' })).toBe(run);
    },
  );

  test('is not, of a run that was cancelled, or for a host that has begun or ended', () => {
    const cancelled = step(executing, { type: 'cancel', at: LATER, by: ANA });
    expect(step(cancelled, about)).toBe(cancelled);
    const begun = step(executing, { type: 'started', at: LATER, host: HOST });
    expect(step(begun, about)).toBe(begun);
    const ended = step(executing, left);
    expect(step(ended, about).hosts[HOST]?.sent).not.toBe('sending');
  });

  test('can no longer be said to have been left', () => {
    const run = step(executing, about);
    expect(step(run, left)).toBe(run);
    expect(step(run, { ...left, unsent: false } as RunEvent).hosts[HOST]?.stage).toBe('ended');
    expect(step(executing, left).hosts[HOST]?.stage).toBe('ended');
  });
});
