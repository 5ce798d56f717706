import { describe, expect, test } from 'vitest';
import { summarise } from '../../src/domain/plan-summary.ts';
import { type Run, RunState } from '../../src/domain/run.ts';
import { anItem, anOutcome, aPlan, digest, HOST, NOW, runId } from '../domain/_build.ts';
import { by, check, ended, labels, planned, plans, render, run, shows } from './_card.ts';

describe('an undo', () => {
  const restore = aPlan(
    [
      anItem('a', { action: 'restore', references: ['app:1'], recoverable: digest('app', 'a'), reclaim: 0 }),
      anItem('b', { action: 'restore', references: ['web:1'], reclaim: 0 }),
    ],
    { problems: [{ kind: 'lost', why: 'container', names: ['web-1'], count: 1 }] },
  );
  const part = { ...planned, plan: summarise(restore) };
  const undo = (state: RunState, given: Partial<Run> = {}): Run =>
    run(state, {
      selection: { kind: 'undo', run: runId(7) },
      skipConfirmation: true,
      hosts: { [HOST]: part },
      ...(state !== 'planning' && state !== 'refused' && { executingSince: NOW }),
      ...given,
    });
  const half = { hosts: { [HOST]: { ...part, outcomes: [anOutcome('a', 'restored')] } } };

  test.each<[RunState, Partial<Run>, RegExp]>([
    ['planning', {}, /Looking at what of #7 can come back…/],
    ['executing', half, /Bringing back what #7 deleted: 1 of 2\n/],
    ['done', half, /Restored 1 of 2 that #7 had deleted\./],
    ['partial', half, /Restored 1 of 2 that #7 had deleted\./],
    ['cancelled', half, /Cancelled: restored 1 of 2\./],
    ['refused', {}, /Nothing of #7 can come back\./],
    ['refused', { refusal: 'no room' }, /Nothing of #7 can come back: no room\./],
    ['empty', {}, /Nothing of #7 can come back\./],
  ])('that is %s says so', (state, given, words) => {
    const one = undo(state, given);
    const card = render(one, new Map([[HOST, restore]]));
    check(one, card);
    expect(shows(card)).toMatch(words);
    expect(shows(card)).toContain('*#1042* `undo 7` asked by <@U0ANA>');
  });

  test.each(RunState.options.filter((state) => state !== 'proposed'))(
    'that is %s can be taken by Slack, and asks and offers nothing',
    (state) => {
      const card = render(undo(state, half), new Map([[HOST, restore]]));
      check(undo(state), card);
      expect(labels(card)).toEqual(state === 'executing' ? ['Cancel'] : []);
      expect(shows(card)).not.toContain('not asked for');
    },
  );

  test('shows what comes back and what does not', () => {
    const { executingSince: _, ...before } = undo('executing');
    const text = shows(render(before, new Map([[HOST, restore]])));
    expect(text).toMatch(/\*host-3\* 2 to come back\n⚠ `web-1` was a container: it does not come back\./);
    expect(text).toMatch(/`app:1` `\w+` is pulled again where it is gone, 100 B/);
    expect(text).toMatch(/`web:1` `\w+` gets its name back/);
  });

  test('shows what came back, how long it took and what became of the disk', () => {
    const finished = {
      tookMs: 90_000,
      before: { total: 9e9, free: 5e9 },
      after: { total: 9e9, free: 4e9 },
      raced: [],
    };
    const hosts = {
      [HOST]: { ...part, stage: 'ended' as const, outcomes: half.hosts[HOST]?.outcomes ?? [], finished },
    };
    const text = shows(render(undo('partial', { hosts }), new Map([[HOST, restore]])));
    expect(text).toMatch(/\*host-3\* 1 of 2 back/);
    expect(text).toMatch(/✓ `app:1` `\w+` is back/);
    expect(text).toMatch(/^took 1m30s, free disk shrank by 1 GB to 4 GB$/m);
    expect(text).not.toContain('account');
  });

  test('says where nothing of a host can come back', () => {
    const nothing = { ...restore, items: [] };
    const hosts = { [HOST]: { ...part, plan: summarise(nothing) } };
    expect(shows(render(undo('refused', { hosts }), new Map([[HOST, nothing]])))).toMatch(
      /\*host-3\* nothing can come back/,
    );
  });
});

describe('a run that can be undone', () => {
  const done = (given: Partial<Run> = {}) =>
    run('done', { executingSince: NOW, hosts: { [HOST]: ended }, ...given });

  test('has Undo, until somebody undid it; then it says who, and by which run', () => {
    expect(labels(render(done(), plans))).toEqual(['Undo']);
    const undone = render(done({ undone: [{ ...by, run: runId(1050) }] }), plans);
    expect(labels(undone)).toEqual([]);
    expect(shows(undone)).toMatch(/undone by <@U0BEN> <!date[^>]*> as #1050/);
  });

  test('has none where there is nothing to undo', () => {
    expect(labels(render(run('done', { executingSince: NOW }), plans))).toEqual([]);
    expect(labels(render(run('denied'), plans))).toEqual([]);
  });
});
