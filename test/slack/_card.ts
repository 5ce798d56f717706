import { expect } from 'vitest';
import { checkMessageBlocks } from '../../playground/slack/blocks/check.ts';
import { fitsUpdate } from '../../playground/slack/blocks/message.ts';
import { buttonsOf } from '../../playground/slack/blocks/walk.ts';
import type { HostName } from '../../src/domain/ids.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Rights } from '../../src/domain/rights.ts';
import { isFinal, type Run, type RunState } from '../../src/domain/run.ts';
import { type Card, renderCard } from '../../src/slack/card.ts';
import {
  anItem,
  anOutcome,
  aPart,
  aPlan,
  aRun,
  BEN,
  digest,
  HOST,
  host,
  MINUTE,
  NOW,
} from '../domain/_build.ts';
import { scan } from './_scan.ts';

export const RIGHTS: Rights = { approvers: ['S0SRE', 'U0BEN'], access: [] };
/** Refusals were seen above this many characters in all. */
export const TOTAL = 11_000;

/** Every line of text that the card shows, as mrkdwn. */
function linesOf(card: Card): string[] {
  return card.blocks.flatMap((block) => {
    if (block.type === 'actions') return [];
    const texts =
      block.type === 'section' ? [block.text] : block.type === 'context' ? block.elements : [undefined];
    return texts.flatMap((one) => {
      if (one?.type !== 'mrkdwn') throw new Error(`a text of another kind in a ${block.type}`);
      expect(one.verbatim).toBe(true);
      return one.text.split('\n');
    });
  });
}
export const shows = (card: Card) => linesOf(card).join('\n');
export const labels = (card: Card) =>
  buttonsOf({ blocks: checkMessageBlocks(card.blocks, TOTAL) }).map(({ label }) => label);
export const render = (run: Run, plans: ReadonlyMap<HostName, Plan> = new Map(), rights = RIGHTS) =>
  renderCard(run, plans, rights);

/** A card that Slack takes, in which nothing takes effect but mentions of people and dates. */
export function check(run: Run, card: Card): void {
  checkMessageBlocks(card.blocks, TOTAL);
  expect(fitsUpdate(card.text)).toBe(true);
  expect(card.text).not.toContain('\n');
  expect(scan(card.text)).toMatchObject({ live: [], marks: [], code: [], wrong: [] });
  expect(card.text.startsWith(`#${run.id} ${run.state} · ${run.selection.kind} `)).toBe(true);
  for (const line of linesOf(card)) {
    const { live, wrong } = scan(line);
    expect([line, wrong]).toEqual([line, []]);
    for (const one of live) expect(one).toMatch(/^<(@[UW][A-Z0-9]+|!subteam\^S0SRE|!date\^\d+\^[^<>]*)>$/);
  }
}

/** A host beside `HOST`, with the same plan. */
export const OTHER = host('host-4');
const plan = aPlan([anItem('a', { references: ['app:1'], recoverable: digest('app', 'a') })]);
export const plans = new Map<HostName, Plan>([
  [HOST, plan],
  [OTHER, { ...plan, host: OTHER }],
]);
export const planned = aPart({ stage: 'planned', sent: 'plan', plan: summarise(plan) });
export const ended = { ...planned, stage: 'ended' as const, outcomes: [anOutcome('a')] };
export const by = { by: BEN, at: NOW }; /** A run on one host. */
export const run = (state: RunState, given: Partial<Run> = {}): Run =>
  aRun({
    state,
    hosts: { [HOST]: planned },
    ...(isFinal(state) && { endedAt: NOW + MINUTE }),
    ...given,
  });
