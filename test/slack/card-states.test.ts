import { describe, expect, test } from 'vitest';
import type { Run } from '../../src/domain/run.ts';
import { ANA, aPolicy, HOST, host, MINUTE, NOW, removing } from '../domain/_build.ts';
import { by, check, ended, labels, OTHER, planned, plans, render, run, shows } from './_card.ts';

describe('a rollout that waits', () => {
  const waiting = (why: 'canary' | 'trouble', given: Partial<Run> = {}): Run =>
    run('executing', {
      where: 'all',
      rollout: { canary: 1 },
      executingSince: NOW,
      confirmed: { by: ANA, at: NOW },
      hosts: { [HOST]: ended, [OTHER]: planned, [host('host-5')]: planned },
      waves: { hosts: [[HOST], [OTHER, host('host-5')]], now: 0, since: NOW },
      paused: { at: NOW, until: NOW + 30 * MINUTE, why },
      ...given,
    });

  test.each([
    [
      'canary',
      /Waits: the first hosts are done; deleted 1 of 3, freed 100 B\. Go on with 2 more hosts\? Ends <!date/,
    ],
    ['trouble', /Waits: something went wrong; deleted 1 of 3/],
  ] as const)('after %s says so, what was done, how many hosts are left and until when', (why, words) => {
    const card = render(waiting(why), plans);
    check(waiting(why), card);
    expect(shows(card)).toMatch(words);
    expect(card.text).toMatch(/, waits to be continued$/);
  });

  test('counts the hosts that are left', () => {
    const one = waiting('canary', { waves: { hosts: [[HOST], [OTHER]], now: 0, since: NOW } });
    expect(shows(render(one, plans))).toMatch(/Go on with 1 more host\?/);
    const second = waiting('canary', {
      waves: { hosts: [[HOST], [OTHER], [host('host-5')]], now: 1, since: NOW },
    });
    expect(shows(render(second, plans))).toMatch(/Go on with 1 more host\?/);
  });

  test('has Continue and Cancel, until somebody cancels it', () => {
    expect(labels(render(waiting('canary'), plans))).toEqual(['Continue', 'Cancel']);
    const stopping = render(waiting('canary', { cancel: by }), plans);
    expect(labels(stopping)).toEqual([]);
    expect(shows(stopping)).toMatch(/Stopping: 1 of 3, 100 B so far/);
  });

  test('shows which hosts wait for their turn, and none once it is theirs', () => {
    expect(shows(render(waiting('canary'), plans))).toMatch(
      /\*host-4\* 1 to go, frees 100 B · waits for its turn/,
    );
    const { paused: _, ...on } = waiting('canary', {
      waves: { hosts: [[HOST], [OTHER]], now: 1, since: NOW },
    });
    expect(shows(render(on, plans))).toMatch(/\*host-4\* 0 of 1 gone/);
  });

  test('names who continued it', () => {
    expect(shows(render(run('executing', { executingSince: NOW, continued: [by] }), plans))).toMatch(
      /continued by <@U0BEN>/,
    );
  });
});

describe('what was not asked for', () => {
  const forced = (given: Partial<Run> = {}) =>
    run('executing', { executingSince: NOW, skipConfirmation: true, ...given });
  test('is said, as -f means it', () => {
    expect(shows(render(forced(), plans))).toContain('not asked for, as `-f` says');
  });
  test('is not said where somebody approved it, or nothing started', () => {
    expect(shows(render(forced({ approvals: [by] }), plans))).not.toContain('not asked for');
    expect(shows(render(run('denied', { skipConfirmation: true }), plans))).not.toContain('not asked for');
  });
});

test.each<[Run['approvalFor'], RegExp]>([
  [['stopped-containers'], /stopped containers are removed first\./],
  [['irrecoverable', 'force'], /tagged images can't be pulled again, force always needs it\./],
  [['reclaim-over', 'hosts-over'], /more than 2 GB, more than 3 hosts\./],
])('a proposal that waits for approval says why: %j', (approvalFor, words) => {
  const policy = aPolicy({ reclaimOver: 2e9, hostsOver: 3 });
  expect(
    shows(render(run('proposed', { approvalFor, policy, selection: removing(['app:1'], true) }), plans)),
  ).toMatch(words);
});
