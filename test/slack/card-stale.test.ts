import { describe, expect, test } from 'vitest';
import type { Drift } from '../../src/domain/drift.ts';
import { plain } from '../../src/domain/markup.ts';
import type { HostPart, Run, RunState } from '../../src/domain/run.ts';
import { aDrift, anOutcome, HOST, id, NOW, runId } from '../domain/_build.ts';
import { by, check, ended, labels, OTHER, planned, plans, render, run, shows } from './_card.ts';

const skipped = anOutcome('a', 'skipped', { why: { kind: 'stale' } });
const part = (drift: Drift = aDrift()): HostPart => ({
  ...planned,
  stage: 'ended',
  outcomes: [skipped],
  drift,
  finished: { tookMs: 5, before: null, after: null, raced: [], stale: true },
});
const stale = (given: Partial<Run> = {}, state: RunState = 'stale') =>
  run(state, { executingSince: NOW, approvals: [by], hosts: { [HOST]: part() }, ...given });

describe('a run whose host has changed too much', () => {
  test('says so, what differs, and what a new plan would do', () => {
    const card = render(stale(), plans);
    check(stale(), card);
    expect(shows(card).split('\n').slice(1, -1)).toEqual([
      'The host has changed since the plan: 3 of 5 no longer match. Nothing was deleted.',
      '*host-3* 3 of 5 no longer match · nothing was deleted here',
      `– \`app:1\` \`${id('a').slice(7, 19)}\` no longer goes: in use by \`web-1\``,
      expect.stringMatching(/^– `app:2` `\w+` no longer goes as it was shown: its references changed/),
      '– 1 more no longer match',
      `+ \`app:9\` \`${id('n').slice(7, 19)}\` would go now, 120 MB`,
      'a new plan would delete 2 images, 340 MB',
    ]);
    expect(card.text).toBe('#1042 stale · prune host-3 · deleted 0 of 1, 0 B');
  });

  test('counts one as one', () => {
    const hosts = { [HOST]: part(aDrift({ of: 1, unmatched: 1 })) };
    expect(shows(render(stale({ hosts }), plans))).toContain('the plan: 1 of 1 no longer matches. Nothing');
  });

  test('sums over its hosts, and shows each one’s own', () => {
    const hosts = { [HOST]: part(), [OTHER]: part(aDrift({ of: 2, unmatched: 2 })) };
    const text = shows(render(stale({ hosts }), plans));
    expect(text).toContain(
      'The hosts have changed since the plan: 5 of 7 no longer match. Nothing was deleted.',
    );
    expect(text).toContain('*host-4* 2 of 2 no longer match');
  });

  test('beside one that was carried out shows its difference, and offers what that one does', () => {
    const one = stale({ hosts: { [HOST]: part(), [OTHER]: ended } }, 'partial');
    const card = render(one, plans);
    check(one, card);
    expect(shows(card)).toMatch(/\*host-3\* 3 of 5 no longer match · nothing was deleted here/);
    expect(shows(card)).toMatch(/\*host-4\* 1 of 1 gone/);
    expect(labels(card)).toEqual(['Undo']);
  });

  test('is within the limits with as many as are named', () => {
    const { changed, plan } = aDrift();
    const [first] = changed;
    const fresh = plan?.fresh[0];
    if (!first || !plan || !fresh) throw new Error('a drift without rows');
    const long = Array.from({ length: 20 }, (_, i) => `${'x'.repeat(120)}/${i}:${'<'.repeat(100)}`);
    const many = aDrift({
      ...{ of: 90, unmatched: 90 },
      changed: Array.from({ length: 20 }, () => ({ ...first, references: long })),
      plan: { ...plan, added: 90, fresh: Array.from({ length: 20 }, () => ({ ...fresh, references: long })) },
    });
    const one = stale({ hosts: { [HOST]: part(many) } });
    const card = render(one, plans);
    check(one, card);
    expect(shows(card)).toContain('more in the thread');
    expect(card.outcomeList?.().map(plain)).toEqual(
      expect.arrayContaining(['– 70 more no longer match', '+ 70 more would go now']),
    );
  });

  test('points to its thread, where all that is named stands, and how each image ended', () => {
    const { changed } = aDrift();
    const many = aDrift({
      unmatched: 20,
      changed: Array.from({ length: 20 }, () => changed[0] as (typeof changed)[number]),
    });
    const card = render(stale({ hosts: { [HOST]: part(many) } }), plans);
    expect(shows(card)).toContain('– 8 more no longer match, in the thread');
    const list = card.outcomeList?.().map(plain) ?? [];
    expect(list.filter((line) => line.includes('no longer goes'))).toHaveLength(20);
    expect(list.at(-1)).toMatch(/^– app:1 .* skipped: left with the others/);
    expect(render(stale(), plans).outcomeList).toBeNull();
  });
});

describe('Run again', () => {
  test.each<RunState>(['stale', 'expired'])(
    'is offered on a card that is %s, until somebody pressed it',
    (state) => {
      const offered = state === 'stale' ? stale() : run('expired', { expiresAt: NOW });
      expect(labels(render(offered, plans))).toEqual(['Run again']);
      const pressed = { ...offered, again: { ...by, run: runId(1050) } };
      const card = render(pressed, plans);
      check(pressed, card);
      expect(labels(card)).toEqual([]);
      expect(shows(card)).toMatch(/asked again by <@U0BEN> <!date[^>]*> as #1050/);
    },
  );

  test.each<RunState>([
    'planning',
    'executing',
    'denied',
    'cancelled',
    'empty',
    'refused',
    'done',
    'partial',
  ])('is not offered on one that is %s', (state) => {
    expect(labels(render(run(state, { hosts: { [HOST]: planned } }), plans))).not.toContain('Run again');
  });
});
