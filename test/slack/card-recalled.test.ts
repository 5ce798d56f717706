import { describe, expect, test } from 'vitest';
import { type Message, renderMessage } from '../../playground/slack/index.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import { recall } from '../../src/domain/recall.ts';
import type { Run } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import { renderCard } from '../../src/slack/card.ts';
import { ANA, anItem, anOutcome, aPart, aPlan, aRun, HOST, MINUTE, NOW } from '../domain/_build.ts';

const plan = summarise(aPlan([anItem('a'), anItem('b'), anItem('c')]));
const part = aPart({ stage: 'planned', sent: 'plan', plan });
const back = (run: Run): Run => {
  const found = recall(null, { run, short: false }, [], NOW);
  if (!found) throw new Error('nothing is put back');
  return found.run;
};
/** As people read it, without any plan, as Redis has none. */
const read = (run: Run): string => {
  const { text, blocks } = renderCard(run, new Map(), { approvers: [], access: [] });
  const lines = renderMessage({ text, blocks: blocks as unknown as NonNullable<Message['blocks']> });
  return [text, ...lines].join('\n');
};

describe('the card of a run that was put back', () => {
  test('says of one that waited why nobody can decide any more, and offers to ask again', () => {
    const card = read(back(aRun({ state: 'proposed', expiresAt: NOW + MINUTE, hosts: { [HOST]: part } })));
    expect(card).toContain('#1042 expired · prune host-3 · deleted 0 of 3, 0 B');
    expect(card).toContain(
      'Redis lost what was to be decided on here, so nobody can any more. Nothing was deleted.',
    );
    expect(card).toContain('host-3 3 planned, frees 300 B; which ones Redis has lost');
    expect(card).toContain('[Run again]');
  });

  test('says of one that was being planned that it is to be asked for again', () => {
    expect(read(back(aRun()))).toContain(
      'Redis lost it while it was being planned, so nothing was deleted: ask again.',
    );
  });

  test('says of one that no host tells of how much is not told, and where to look', () => {
    const hosts = {
      [HOST]: { ...part, stage: 'executing', sent: 'execute', outcomes: [anOutcome('a')] },
    } as const;
    const going = aRun({
      state: 'executing',
      executingSince: NOW,
      confirmed: { by: ANA, at: NOW },
      hosts: { ...hosts } as never,
    });
    const why = { kind: 'forgotten' } as const;
    const over = step(back(going), { type: 'broken', at: NOW, host: HOST, why, outcomes: [] });
    const card = read(over);
    expect(card).toContain('#1042 unknown · prune host-3 · deleted 1 of 3, 100 B');
    expect(card).toContain('Deleted 1 of 3, freed 100 B; 2 not told of');
    expect(card).toContain(
      'host-3 Redis lost what became of it, and the host did not tell; look at the host\n✓ ',
    );
    expect(card).toContain(`\`${anOutcome('a').image.slice(7, 19)}\` deleted, 100 B`);
  });
});
