import { isFinal, type Run } from '../domain/run.ts';
import { totals } from '../domain/totals.ts';
import type { CardQueue } from '../ports.ts';

/**
 * How many outcomes of a run that is over are unknown, if hosts have told of others since it ended: what was written of
 * the end says less than is known by now, and is written once more. `null` where it ended as it is.
 */
export async function laterWord(cards: Pick<CardQueue, 'marked' | 'mark'>, run: Run): Promise<number | null> {
  if (!isFinal(run.state)) return null;
  const { unknown } = totals(run);
  if (unknown > 0) await cards.mark(run.id, 'unknown', null, String(unknown));
  const atEnd = await cards.marked(run.id, 'unknown');
  return atEnd !== null && unknown < Number(atEnd) ? unknown : null;
}
