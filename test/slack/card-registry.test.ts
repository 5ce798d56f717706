import { describe, expect, test } from 'vitest';
import type { Item, Plan } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run, RunState } from '../../src/domain/run.ts';
import { anItem, aPart, aPlan, host } from '../domain/_build.ts';
import { check, render, run, shows } from './_card.ts';

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
});
