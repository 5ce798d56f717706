import { createHash } from 'node:crypto';
import { isFinal, type Run } from '../domain/run.ts';
import type { Content } from './blocks.ts';
import type { Card } from './card.ts';
import { queuedFailureOf } from './failures.ts';
import type { Place } from './find.ts';
import { CALL_MS, markedBy, SETTLE_MS, STALE_MS, settledAt, shows } from './marks.ts';
import { metadataOf } from './metadata.ts';
import { postNote } from './post-notes.ts';
import type { Writing } from './write-card.ts';

/** That the card shows this, as it is taken down. */
export const shownMark = (run: Run, card: Card): string => shows(hashOf(run, contentOf(run, card)));

/**
 * Writes what is not on the card yet. `wait`: it is not there; `again`: it is, but an earlier update whose answer was lost
 * may yet be carried out and cover it, so it is to be written once more, after so many milliseconds.
 */
export async function updateCard(
  writing: Writing,
  run: Run,
  at: Place,
  card: Card,
  spare: number,
): Promise<{ wait: number; again: number }> {
  const { client, cards, time, gate, log, patience } = writing;
  const content = contentOf(run, card);
  const shown = shownMark(run, card);
  const before = await markedBy(time.now(), writing, run.id, 'card');
  if (before === shown) return { wait: 0, again: 0 };
  const held = gate.wait('chat.update', undefined, spare);
  if (held > 0) return { wait: held, again: 0 };
  const astray = settledAt(before);
  const begun = time.now();
  const since = time.monotonic();
  const mine = writing.stamp(begun + CALL_MS + SETTLE_MS);
  if (!(await cards.mark(run.id, 'card', before, mine))) return { wait: 500, again: 0 };
  if (time.monotonic() - since > STALE_MS) {
    await cards.mark(run.id, 'card', mine, before);
    return { wait: 500, again: 0 };
  }
  const settle = async (mark: string | null): Promise<boolean> => {
    if (await cards.mark(run.id, 'card', mine, mark)) return true;
    // This bot stood still, another one went on, and what was written just now may have covered it: it is written anew.
    const now = await cards.marked(run.id, 'card');
    const left = settledAt(now);
    await cards.mark(run.id, 'card', now, Number.isFinite(left) ? writing.stamp(left) : null);
    await cards.behind(run.id, time.now());
    return false;
  };
  try {
    await client.chat.update({ channel: at.channel, ts: at.ts, ...content });
    patience.forget(run.id);
    if (!(await settle(astray > begun ? before : shown))) return { wait: 500, again: 0 };
    return { wait: 0, again: Math.max(0, astray - begun) };
  } catch (error) {
    const failure = queuedFailureOf(error);
    if (failure.kind === 'unknown') {
      log.warn('Slack did not say whether it took an update', {
        run: run.id,
        error: (error as Error).message,
      });
      await settle(writing.stamp(Math.max(astray, time.now() + failure.settleMs)));
      return { wait: patience.next(run.id), again: 0 };
    }
    // It has had no effect.
    await cards.mark(run.id, 'card', mine, before);
    if (failure.kind === 'later') return { wait: failure.ms, again: 0 };
    log.error('a card could not be updated', error, { run: run.id });
    return { wait: await sayInThread(writing, run, at, content), again: 0 };
  }
}

// --- internal ---

/** The audit's head is on a card that is final, for whoever verifies the audit later. */
const contentOf = (
  run: Run,
  { text, blocks }: Card,
): Content & { metadata: ReturnType<typeof metadataOf> } => ({ text, blocks, metadata: metadataOf(run) });
/** Of what people see: what a card carries along is worth a call of its own only once it stays. */
const hashOf = (run: Run, { text, blocks, metadata }: ReturnType<typeof contentOf>): string =>
  createHash('sha256')
    .update(JSON.stringify([text, blocks, ...(isFinal(run.state) ? [metadata] : [])]))
    .digest('base64url')
    .slice(0, 22);

/**
 * A workspace may forbid edits, and people delete messages: what matters is then said in the thread, once. What names
 * the approvers stands for the note that calls them.
 */
async function sayInThread(writing: Writing, run: Run, card: Place, content: Content): Promise<number> {
  if (run.state === 'executing') return 0;
  const given = run.approvals.length;
  const calls = run.state === 'proposed' && run.approvalFor.length > 0 && given === 0;
  const key = calls ? 'approval' : run.state === 'proposed' ? `card proposed ${given}` : `card ${run.state}`;
  const { text, blocks } = content;
  return postNote(writing, { run: run.id, card, key, what: `note ${key}`, content: { text, blocks } });
}
