import { describe, expect, test } from 'vitest';
import type { HostName } from '../../src/domain/ids.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run, RunState } from '../../src/domain/run.ts';
import { anItem, anOutcome, aPart, aPlan, host, id } from '../domain/_build.ts';
import { by, check, render, run, shows } from './_card.ts';

const MAIN = host('main');
const none = { names: [], count: 0 };
const item = (letter: string, tag: string) =>
  anItem(letter, {
    ...{ references: [`team/app:${tag}`], remove: [`team/app:${tag}`], reclaim: 2_000_000, after: [] },
    manifest: { kind: 'image', platforms: [], on: none, usedOn: none },
  });
const plan: Plan = {
  ...aPlan([item('a', '1'), { ...item('b', 'sig'), after: [id('a')] }]),
  ...{ host: MAIN, collects: 'distribution' },
};
const plans = new Map<HostName, Plan>([[MAIN, plan]]);
const planned = aPart({ stage: 'planned', sent: 'plan', plan: summarise(plan) });
const one = [anOutcome('a', 'deleted', { freed: 0 })];
const skipped = anOutcome('b', 'skipped', { why: { kind: 'references', now: [] } });

function text(state: RunState, given: Partial<Run> = {}, outcomes = planned.outcomes): string {
  const of = run(state, {
    ...{ where: MAIN, hosts: { [MAIN]: { ...planned, outcomes } } as Run['hosts'] },
    selection: {
      ...{ kind: 'registry prune', repositories: 'team/*', keep: 1, tags: [], notTags: [], untagged: false },
    },
    ...given,
  });
  const card = render(of, plans);
  check(of, card);
  return shows(card);
}

describe('the card of a registry', () => {
  test('never promises bytes before the registry collects its garbage', () => {
    const waits = text('proposed', { approvalFor: ['registry'] });
    expect(waits).toContain(
      'Waits for approval to delete 2 manifests, up to 4 MB after garbage collection: ',
    );
    expect(text('proposed')).toContain(', delete 2 manifests, up to 4 MB after garbage collection?');
    expect(text('done', { dryRun: true })).toContain(
      'Dry run: would delete 2 manifests, up to 4 MB after garbage collection. Nothing was deleted.',
    );
    expect(text('executing', { executingSince: 1 }, one)).toMatch(/^Deleting: 1 of 2$/m);
    expect(text('partial', { executingSince: 1 }, [...one, skipped])).toContain(
      'Deleted 1 of 2, nothing freed yet; 1 skipped',
    );
  });

  test('tells how to free what goes, and in the end what went', () => {
    const frees = /Nothing is freed before the registry collects its garbage, then up to ([\d.]+ MB)/;
    expect(frees.exec(text('proposed'))?.[1]).toBe('4 MB');
    expect(frees.exec(text('done', { dryRun: true }))?.[1]).toBe('4 MB');
    expect(frees.exec(text('executing', { executingSince: 1 }, one))?.[1]).toBe('4 MB');
    expect(frees.exec(text('partial', { executingSince: 1 }, [...one, skipped]))?.[1]).toBe('2 MB');
    for (const state of ['denied', 'cancelled', 'expired'] as const)
      expect(text(state, { denied: { ...by, reason: 'no' } })).not.toMatch(frees);
  });

  test('names each by its tag, and what goes along by that of what it belongs to', () => {
    expect(text('proposed')).toContain(`• \`team/app:1\` \`${id('a').slice(7, 19)}\` 2 MB`);
    expect(text('proposed')).toContain('goes with `team/app:1`, 2 MB');
  });
});
