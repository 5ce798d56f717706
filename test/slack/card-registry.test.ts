import { describe, expect, test } from 'vitest';
import { driftOf } from '../../src/domain/drift.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Item, Plan } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run, RunState } from '../../src/domain/run.ts';
import { notesOf } from '../../src/slack/notes.ts';
import { anItem, aPart, aPlan, host, id, NOW } from '../domain/_build.ts';
import { check, labels, RIGHTS, render, run, shows } from './_card.ts';

const MAIN = host('main');
const none = { names: [], count: 0 };
const manifest = { kind: 'image' as const, platforms: [], on: none, usedOn: none };
const item = (name: string, given: Partial<Item> = {}): Item =>
  anItem(name, {
    references: [`${name}:1`],
    reclaim: 2_000_000,
    size: 3_000_000,
    after: [],
    manifest,
    ...given,
  });

function card(state: RunState, items: Item[], given: Partial<Run> = {}): string {
  const plan: Plan = { ...aPlan(items), host: MAIN, collects: 'zot' };
  const one = run(state, {
    where: MAIN,
    selection: { kind: 'registry rmi', names: [{ repository: 'a', tag: '1' }] },
    hosts: { [MAIN]: aPart({ stage: 'planned', plan: summarise(plan) }) },
    ...given,
  });
  const made = render(one, new Map([[MAIN, plan]]));
  check(one, made);
  return `${shows(made)}\n${made.text}`;
}

describe('the card of a run over a registry', () => {
  test('counts what hosts have, which they may have from elsewhere too', () => {
    const on = { names: ['host-1'], count: 1 };
    const text = card('proposed', [item('a', { manifest: { ...manifest, on } }), item('b')], {
      approvalFor: ['registry', 'irrecoverable'],
    });
    expect(text).toContain(' · hosts have 1 of them');
    expect(text).toContain("`host-1` has it and can't pull it from here again");
    expect(text).toContain("hosts that have tagged images can't pull them from here again.");
    expect(text).not.toContain("can't be pulled again");
  });

  test.each<[string, RunState, Partial<Run>, string]>([
    [
      'waits for an approval',
      'proposed',
      { approvalFor: ['registry'] },
      'approval to delete 2 manifests, up to 4 MB after garbage collection:',
    ],
    ['waits for a confirmation', 'proposed', {}, 'delete 2 manifests, up to 4 MB after garbage collection?'],
    [
      'is a dry run',
      'done',
      { dryRun: true },
      'would delete 2 manifests, up to 4 MB after garbage collection. Nothing',
    ],
    ['is carried out', 'executing', { executingSince: NOW }, 'Deleting: 0 of 2\n'],
  ])('says of no bytes that it frees them where it %s', (_, state, given, words) => {
    const text = card(state, [item('a'), item('b')], given);
    expect(text).toContain(words);
    expect(text).not.toMatch(/\bfrees? \d|freed \d|so far/);
  });

  test('says so where somebody is asked to decide', () => {
    const plan = summarise(aPlan([item('a')]));
    const selection = { kind: 'registry rmi' as const, names: [{ repository: 'a', tag: '1' }] };
    const asked = run('proposed', { where: MAIN, selection, hosts: { [MAIN]: aPart({ plan }) } });
    expect(labels(render(asked))[0]).toBe('Delete 1 manifest');
    const [note] = notesOf({ ...asked, approvalFor: ['registry'] }, RIGHTS);
    expect(plain(note?.words ?? [])).toContain(': 1 manifest, up to 2 MB after garbage collection, until ');
  });

  test('says so of a plan that is lost', () => {
    const plan = summarise(aPlan([item('a')]));
    const part = aPart({ stage: 'planned', plan });
    const selection = { kind: 'registry rmi' as const, names: [{ repository: 'a', tag: '1' }] };
    const lost = run('executing', { where: MAIN, selection, hosts: { [MAIN]: part } });
    expect(shows(render(lost))).toContain('1 planned, up to 2 MB; which ones Redis has lost');
  });

  test('says of tags alone that they are nothing to collect', () => {
    const tag = item('a', { action: 'untag', references: ['a:1', 'a:2'], remove: ['a:1'], reclaim: 0 });
    expect(card('proposed', [tag])).toContain('delete 1 tag, 0 B?');
  });

  test('counts manifests of what would go now, in bytes at most', () => {
    const drift = driftOf(
      [item('a'), item('b')],
      new Map([[id('a'), { kind: 'references', now: [] }]]),
      aPlan([item('b'), item('c')]),
    );
    const hosts = {
      [MAIN]: aPart({ stage: 'ended', plan: summarise(aPlan([item('a'), item('b')])), drift }),
    };
    const text = card('stale', [item('a'), item('b')], { hosts });
    expect(text).toMatch(/\+ `c:1` `\w+` would go now, up to 2 MB/);
    expect(text).toContain('a new plan would delete 2 manifests, up to 4 MB after garbage collection');
  });
});
