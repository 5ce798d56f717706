import type { WebClient } from '@slack/web-api';
import type { RunId } from '../domain/ids.ts';
import type { Markup } from '../domain/markup.ts';
import { isFinal, type Run } from '../domain/run.ts';
import type { CardQueue, Log } from '../ports.ts';
import type { Patience, Time } from './backoff.ts';
import { queuedFailureOf } from './failures.ts';
import type { Place } from './find.ts';
import type { Gate } from './gate.ts';
import { CALL_MS, DONE, markedBy, NEVER, SETTLE_MS, STALE_MS, type Stamp, settledAt } from './marks.ts';
import type { Span } from './scan.ts';

/** All that whatever is written for a run needs. */
export interface Posting {
  client: WebClient;
  cards: Pick<CardQueue, 'marked' | 'mark'>;
  log: Log;
  time: Time;
  gate: Pick<Gate, 'wait' | 'fetch'>;
  patience: Patience;
  stamp: Stamp;
}

/** Whoever had to hear of it has by now; what else is written on its card, as of an undo, tells nobody anew. */
export const isOld = (run: Run, now: number): boolean =>
  isFinal(run.state) && now - (run.endedAt ?? run.createdAt) > DAY_MS;
const DAY_MS = 86_400_000;

interface Once {
  run: RunId;
  /** Of a run there is one of each. */
  what: string;
  channel: string;
  /** What nobody sees, and may be done more than once. */
  prepare?(): Promise<void>;
  send(): Promise<Place>;
  /** Where it stands, if it was sent in this span of time by a bot that died then or in an answer that was lost. */
  find(span: Span): Promise<Place | null>;
}

export type Posted =
  /** It is there; `fresh` where it was sent just now, no place where that was taken down as done. */
  | { kind: 'there'; at: Place | null; fresh: boolean }
  /** To be tried again after so many milliseconds. */
  | { kind: 'wait'; ms: number }
  /** Slack refuses it. */
  | { kind: 'never'; words: Markup };

/**
 * Sends what nobody may read twice. That it is about to be sent is taken down first. Where the outcome is not known it is
 * looked up, and sent again only if it is not there though it would show by then.
 */
export async function postOnce(
  posting: Posting,
  { run, what, channel, prepare, send, find }: Once,
): Promise<Posted> {
  const { cards, time, log, patience, gate } = posting;
  const before = await markedBy(time.now(), posting, run, what);
  if (before === DONE) return { kind: 'there', at: null, fresh: false };
  let mine: string | null = null;
  try {
    if (before !== null && before !== NEVER) {
      const left = settledAt(before) - time.now();
      const found = await find(spanOf(before));
      if (found) {
        patience.forget(run);
        return { kind: 'there', at: found, fresh: false };
      }
      if (left > 0) return { kind: 'wait', ms: left };
    }
    const held = gate.wait('chat.postMessage', channel);
    if (held > 0) return { kind: 'wait', ms: held };
    await prepare?.();
    const now = time.monotonic();
    const begun = posting.stamp(time.now() + CALL_MS + SETTLE_MS);
    if (!(await cards.mark(run, what, before, begun))) return { kind: 'wait', ms: 500 };
    mine = begun;
    if (time.monotonic() - now > STALE_MS) {
      await cards.mark(run, what, mine, before);
      return { kind: 'wait', ms: 500 };
    }
    const at = await send();
    patience.forget(run);
    return { kind: 'there', at, fresh: true };
  } catch (error) {
    const failure = queuedFailureOf(error);
    if (failure.kind === 'unknown') {
      log.warn('Slack did not say whether it took a message', { run, what, error: (error as Error).message });
      if (mine) await cards.mark(run, what, mine, posting.stamp(time.now() + failure.settleMs));
      return { kind: 'wait', ms: patience.next(run) };
    }
    // It has had no effect: only what was tried before is in doubt.
    if (mine) await cards.mark(run, what, mine, before);
    if (failure.kind === 'later') return { kind: 'wait', ms: failure.ms };
    log.error('Slack refuses a message', error, { run, what });
    return { kind: 'never', words: failure.words };
  }
}

/** As `postOnce`, for what is below a card or beside it. Resolves to after how many milliseconds it is to be tried again, 0 for never. */
export async function postBelow(posting: Posting, once: Once): Promise<number> {
  const posted = await postOnce(posting, once);
  if (posted.kind === 'wait') return posted.ms;
  // Nothing is done where this can't be stored: then it is looked up the next time.
  const mark = await posting.cards.marked(once.run, once.what);
  if (mark !== DONE) await posting.cards.mark(once.run, once.what, mark, DONE);
  return 0;
}

// --- internal ---

/** Slack's clock and ours, and how long it may have taken. */
const AROUND_MS = 10 * 60_000;

/** When that may have been sent which a mark stands for; without an end where a bot from before took it down. */
function spanOf(mark: string): Span {
  const settled = settledAt(mark);
  if (settled === Number.NEGATIVE_INFINITY) return {};
  return { from: settled - CALL_MS - SETTLE_MS - AROUND_MS, to: settled + AROUND_MS, read: settled };
}
