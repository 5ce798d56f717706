import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../src/domain/event.ts';
import { plain } from '../../src/domain/markup.ts';
import { objection } from '../../src/domain/objection.ts';
import type { Run } from '../../src/domain/run.ts';
import {
  ANA,
  anOutcome,
  aPart,
  aRun,
  aSummary,
  BEN,
  CLEO,
  HOST,
  host,
  MINUTE,
  NOW,
  runId,
} from './_build.ts';

const at = NOW + MINUTE;
const proposed = aRun({ state: 'proposed', proposedAt: NOW, expiresAt: NOW + 30 * MINUTE });
const forApproval: Run = { ...proposed, approvalFor: ['force'] };
const late = NOW + 30 * MINUTE;
const executing: Run = { ...proposed, state: 'executing', executingSince: NOW };
const paused: Run = { ...executing, paused: { at: NOW, until: late, why: 'canary' } };
const deleted: Run = {
  ...executing,
  state: 'done',
  hosts: { [HOST]: aPart({ stage: 'ended', plan: aSummary(), outcomes: [anOutcome('a')] }) },
};
const undo: RunEvent = { type: 'undo', at, by: BEN, run: runId(1043), after: null };

const words = (run: Run, event: RunEvent) => {
  const markup = objection(run, event);
  return markup && plain(markup);
};

describe('who may', () => {
  test.each<[string, Run, RunEvent]>([
    ['the requester confirms', proposed, { type: 'confirm', at, by: ANA }],
    ['somebody else approves', forApproval, { type: 'approve', at, by: BEN }],
    ['somebody else denies', forApproval, { type: 'deny', at, by: BEN }],
    ['a proposal is cancelled', proposed, { type: 'cancel', at, by: ANA }],
    ['a running one is cancelled', { ...proposed, state: 'executing' }, { type: 'cancel', at, by: ANA }],
    ['the clock speaks', proposed, { type: 'expire', at }],
    ['somebody else continues one that waits', paused, { type: 'continue', at, by: BEN, wave: 0 }],
    [
      'one that waits is continued in the last instant',
      paused,
      { type: 'continue', at: late - 1, by: ANA, wave: 0 },
    ],
    ['one that waits is cancelled', paused, { type: 'cancel', at, by: ANA }],
    ['one that deleted something is undone', deleted, undo],
    [
      'one is undone a second time',
      { ...deleted, undone: [{ by: BEN, at: NOW, run: runId(9) }] },
      { ...undo, after: runId(9) } as RunEvent,
    ],
  ])('%s: nothing is objected', (_, run, event) => {
    expect(words(run, event)).toBeNull();
  });
});

describe('who may not is told why', () => {
  test.each<[string, Run, RunEvent, RegExp]>([
    ['confirming what somebody else asked for', proposed, { type: 'confirm', at, by: BEN }, /Only @U0ANA/],
    ['confirming what needs an approval', forApproval, { type: 'confirm', at, by: ANA }, /approval/],
    ['confirming too early', aRun(), { type: 'confirm', at, by: ANA }, /still being planned/],
    ['confirming too late', proposed, { type: 'confirm', at: late, by: ANA }, /expired/],
    ['approving what one asked for', forApproval, { type: 'approve', at, by: ANA }, /somebody else/],
    ['approving what needs none', proposed, { type: 'approve', at, by: BEN }, /needs no approval/],
    ['approving too late', forApproval, { type: 'approve', at: late, by: BEN }, /expired .*ask again/],
    [
      'approving twice',
      { ...forApproval, approvals: [{ by: BEN, at: NOW }] },
      { type: 'approve', at, by: BEN },
      /already/,
    ],
    ['denying what one asked for', forApproval, { type: 'deny', at, by: ANA }, /cancel it instead/],
    ['denying what needs no approval', proposed, { type: 'deny', at, by: BEN }, /needs no approval/],
    ['denying too late', forApproval, { type: 'deny', at: late, by: BEN }, /expired/],
    ['cancelling too early', aRun(), { type: 'cancel', at, by: ANA }, /nothing is deleted before/],
    [
      'cancelling twice',
      { ...proposed, state: 'executing', cancel: { by: ANA, at: NOW } },
      { type: 'cancel', at, by: ANA },
      /already being cancelled/,
    ],
    ['continuing what does not wait', executing, { type: 'continue', at, by: ANA, wave: 0 }, /does not wait/],
    ['continuing a proposal', proposed, { type: 'continue', at, by: ANA, wave: 0 }, /does not wait/],
    [
      'continuing after a wave that is over',
      { ...paused, waves: { hosts: [[HOST], [host('host-9')], [host('host-10')]], now: 1, since: NOW } },
      { type: 'continue', at, by: ANA, wave: 0 },
      /has gone on since, and waits again/,
    ],
    [
      'continuing too late',
      paused,
      { type: 'continue', at: late, by: ANA, wave: 0 },
      /has waited until .*ask again/,
    ],
    [
      'continuing what is being cancelled',
      { ...paused, cancel: { by: ANA, at: NOW } },
      { type: 'continue', at, by: ANA, wave: 0 },
      /is being cancelled/,
    ],
    [
      'continuing what is over',
      { ...paused, state: 'partial' },
      { type: 'continue', at, by: ANA, wave: 0 },
      /over: partial/,
    ],
    ['undoing what is not over', executing, undo, /not over yet/],
    ['undoing a proposal', proposed, undo, /not over yet/],
    [
      'undoing what somebody else has begun to undo',
      { ...deleted, undone: [{ by: BEN, at: NOW, run: runId(9) }] },
      undo,
      /being undone already: see #9/,
    ],
    ['undoing what deleted nothing', { ...proposed, state: 'denied' }, undo, /deleted nothing that could/],
    [
      'undoing an undo',
      { ...deleted, selection: { kind: 'undo', run: runId(7) } },
      undo,
      /is an undo itself: ask for the deletion again/,
    ],
  ])('%s', (_, run, event, expected) => {
    expect(words(run, event)).toMatch(expected);
  });
});

describe('who comes after the decision is told who made it', () => {
  const press: RunEvent = { type: 'approve', at, by: CLEO };
  const by = (who: Run['requester']) => ({ by: who, at: NOW });
  test.each<[string, Partial<Run>, RegExp]>([
    ['executing', { approvals: [{ by: BEN, at: NOW }] }, /@U0BEN has already started/],
    ['executing', { approvals: [{ by: CLEO, at: NOW }] }, /^You have already started #1042\.$/],
    [
      'executing',
      { approvals: [{ by: BEN, at: NOW }], cancel: { by: ANA, at: NOW } },
      /@U0BEN has already started/,
    ],
    ['executing', { cancel: { by: ANA, at: NOW } }, /already being carried out/],
    ['executing', {}, /already being carried out/],
    ['denied', { denied: { by: BEN, at: NOW } }, /@U0BEN has denied #1042; nothing was deleted/],
    ['denied', { denied: { by: CLEO, at: NOW } }, /^You have denied #1042 already\.$/],
    ['cancelled', { cancel: { by: ANA, at: NOW } }, /@U0ANA has cancelled/],
    ['cancelled', { cancel: { by: CLEO, at: NOW } }, /^You have cancelled #1042 already\.$/],
    ['expired', {}, /expired/],
    ['empty', {}, /nothing to delete/],
    ['done', { approvals: [{ by: BEN, at: NOW }] }, /^@U0BEN approved #1042; it is over: done\.$/],
    ['stale', { confirmed: { by: ANA, at: NOW } }, /^@U0ANA confirmed #1042; it is over: stale\.$/],
    ['partial', { confirmed: { by: CLEO, at: NOW } }, /^You confirmed #1042; it is over: partial\.$/],
    ['done', { approvals: [by(BEN), by(CLEO)] }, /^You and @U0BEN approved #1042; it is over: done\.$/],
    ['done', { approvals: [by(BEN), by(ANA)] }, /^@U0BEN and @U0ANA approved #1042; it is over: done\.$/],
    ['done', {}, /^#1042 is over: done/],
    ['unknown', {}, /over: unknown/],
  ])('%s', (state, given, expected) => {
    expect(words({ ...forApproval, ...given, state: state as Run['state'] }, press)).toMatch(expected);
  });
});
