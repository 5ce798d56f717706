import { describe, expect, test } from 'vitest';
import type { HostPart, Run, RunState } from '../../src/domain/run.ts';
import { ANA, anOutcome, aPolicy, aSummary, HOST, host, MINUTE, NOW, removing } from '../domain/_build.ts';
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

test('what was found gone afterwards makes the bytes a lower bound, wherever they are said', () => {
  const lost = anOutcome('b', 'deleted', { freed: 0, why: { kind: 'no-answer' } });
  const outcomes = [anOutcome('a', 'deleted', { freed: 5_000_000 }), lost];
  const part = { ...planned, plan: aSummary({ items: 2 }), outcomes };
  const card = render(run('done', { executingSince: NOW, hosts: { [HOST]: part } }), plans);
  expect(card.text).toMatch(/, at least 5 MB$/);
  expect(shows(card)).toContain('Deleted 2 of 2, freed at least 5 MB');
});

describe('a run that only takes names away', () => {
  const part = (items: number, untag: number) => ({
    ...planned,
    plan: aSummary({ items, untag, untagReferences: untag, reclaim: 0 }),
    outcomes: [anOutcome('a', 'untagged', { freed: 0 })],
  });
  const text = (state: RunState, one: HostPart) =>
    shows(render(run(state, { executingSince: NOW, hosts: { [HOST]: one } }), plans));

  test('says untagged, not deleted', () => {
    const done = text('done', part(1, 1));
    expect(done).toContain('Untagged 1 of 1, freed 0 B');
    expect(done).toContain('*host-3* untagged 1 of 1');
    expect(text('executing', part(2, 2))).toContain('Untagging: 1 of 2, 0 B so far');
    expect(text('cancelled', part(2, 2))).toContain('Cancelled: untagged 1 of 2, freed 0 B');
    expect(render(run('done', { executingSince: NOW, hosts: { [HOST]: part(1, 1) } })).text).toContain(
      'deleted 1 of 1, 0 B',
    );
  });

  test('beside deletions says how many of each', () => {
    const mixed = { ...part(3, 1), outcomes: [anOutcome('a'), anOutcome('b'), anOutcome('c', 'untagged')] };
    expect(text('done', mixed)).toContain('Deleted 2 and untagged 1 of 3, freed');
    expect(text('done', mixed)).toContain('*host-3* deleted 2 and untagged 1 of 3');
    // Where nothing came of either, one zero is enough.
    const none = { ...part(3, 1), outcomes: ['a', 'b', 'c'].map((name) => anOutcome(name, 'failed')) };
    expect(text('failed', none)).toContain('*host-3* deleted 0 of 3');
  });
});

test('a proposal that too few approved says how many did', () => {
  const policy = { ...aPolicy({}), count: 2 };
  const expired = run('expired', { approvalFor: ['force'], policy, approvals: [by] });
  expect(shows(render(expired, plans))).toMatch(/Expired: 1 of 2 approved in .*\. Nothing was deleted/);
  expect(shows(render({ ...expired, approvals: [] }, plans))).toMatch(/Expired: nobody decided in /);
});

test('a reason is shown whole, with people by name', () => {
  const reason = `${'x'.repeat(480)} <@U0BEN>. end`;
  const denied = run('denied', { denied: { ...by, reason } });
  check(denied, render(denied, plans));
  expect(shows(render(denied, plans))).toContain(`Denied: ${'x'.repeat(480)} @U0BEN. end. Nothing`);
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
