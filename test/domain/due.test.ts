import { describe, expect, test } from 'vitest';
import { lookAt, POSTING_MS } from '../../src/domain/due.ts';
import { ANSWER_MS, ANSWER_THERE_MS, isOnline, OFFLINE_MS } from '../../src/domain/protocol.ts';
import { isFinal, type Run, RunState } from '../../src/domain/run.ts';
import { aHostStatus, aPart, aRun, aSummary, HOST, host, MINUTE, NOW, SECOND } from './_build.ts';

const now = NOW + 5 * SECOND;
const soon = now + 3 * SECOND;
const { card: _, planningSince: __, ...unposted } = aRun();
const planned = { [HOST]: aPart({ stage: 'planned', sent: 'plan', plan: aSummary() }) };

const forApproval: Partial<Run> = {
  ...{ state: 'proposed', approvalFor: ['force'] },
  ...{ proposedAt: NOW + 2 * MINUTE, expiresAt: NOW + 30 * MINUTE },
};

describe('a run is looked at again', () => {
  test.each<[string, Run, number]>([
    ['two minutes after it was asked for, while it has no card', unposted, NOW + POSTING_MS],
    ['soon, while its card is there and its jobs are not handed out', aRun(), soon],
    [
      'when its hosts must have answered, once the jobs are out',
      aRun({ hosts: { [HOST]: aPart({ sent: 'plan' }) } }),
      NOW + ANSWER_MS,
    ],
    [
      'later where it is a registry that must have answered',
      aRun({
        selection: { kind: 'registry rmi', names: [{ repository: 'app', tag: '1' }] },
        hosts: { [HOST]: aPart({ sent: 'plan' }) },
      }),
      NOW + ANSWER_THERE_MS,
    ],
    [
      'when its proposal expires',
      aRun({ state: 'proposed', expiresAt: NOW + 30 * MINUTE, hosts: planned }),
      NOW + 30 * MINUTE,
    ],
    [
      'at half time, when its approvers are to be reminded',
      aRun({ ...forApproval, hosts: planned }),
      NOW + 16 * MINUTE,
    ],
    [
      'when it expires, once they were',
      aRun({ ...forApproval, remindedAt: NOW + 16 * MINUTE, hosts: planned }),
      NOW + 30 * MINUTE,
    ],
    ['soon, while agents work on it', aRun({ state: 'executing', hosts: planned }), soon],
    [
      'soon, while it waits between two turns, though nothing is to be sent',
      aRun({
        state: 'executing',
        hosts: planned,
        waves: { hosts: [[host('host-1')], [HOST]], now: 0, since: NOW },
        paused: { at: NOW, until: NOW + 30 * MINUTE, why: 'canary' },
      }),
      soon,
    ],
    [
      'when its hosts must have answered, though another was offline from the beginning',
      aRun({ hosts: { [HOST]: aPart({ sent: 'plan' }), [host('host-4')]: aPart({ stage: 'ended' }) } }),
      NOW + ANSWER_MS,
    ],
  ])('%s', (___, run, at) => {
    expect(lookAt(run, now)).toBe(at);
  });

  test.each(RunState.options.filter(isFinal))('never when it is %s', (state) => {
    expect(lookAt(aRun({ state }), now)).toBeNull();
  });
});

test('a host is offline once it was silent for 45 s', () => {
  expect(OFFLINE_MS).toBe(45_000);
  expect(isOnline(aHostStatus('a'), NOW + 44_999)).toBe(true);
  expect(isOnline(aHostStatus('a'), NOW + 45_000)).toBe(false);
});
