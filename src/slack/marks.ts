import type { RunId } from '../domain/ids.ts';
import type { CardQueue } from '../ports.ts';

/**
 * What is taken down in the store, before a call and after it, of something that must be on a card or below it once:
 * `<when its outcome shows at the latest> <by whom>` while it may be under way, or one of the words below. A bot whose
 * mark was replaced, since it stood still for too long, knows so.
 */
export const DONE = 'done';
/** Slack will not take it. */
export const NEVER = 'never';
/** The card shows this. */
export const shows = (hash: string): string => `shows ${hash}`;

/** Longer than a call may take: what was begun by a bot that died is over by then. */
export const CALL_MS = 10_000;
/** Slack may carry out a call that was given up a moment later, and its history shows it another moment later. */
export const SETTLE_MS = 15_000;

/** A bot that stood still for longer between taking something down and doing it must not: another one may have by now. */
export const STALE_MS = 2_000;

/** `maker` tells marks of the same instant apart. */
export function openStamps(maker: string) {
  let count = 0;
  return (settledAt: number): string => `${Math.round(settledAt)} ${maker}-${++count}`;
}
export type Stamp = ReturnType<typeof openStamps>;

/** When the outcome of what may be under way shows at the latest; `-Infinity` where nothing is. */
export function settledAt(mark: string | null): number {
  const at = Number.parseInt(mark ?? '', 10);
  // Bots from before took down a plain `1`; what Redis lost is marked without a time as well.
  return Number.isNaN(at) || at < 1e12 ? Number.NEGATIVE_INFINITY : at;
}

/**
 * What is marked. A mark that is further ahead than any that is made now was made before the clock was set back, and would
 * hold its card up for as long: it is replaced by one that is as far ahead as a new one.
 */
export async function markedBy(
  now: number,
  { cards, stamp }: { cards: Pick<CardQueue, 'marked' | 'mark'>; stamp: Stamp },
  run: RunId,
  what: string,
): Promise<string | null> {
  const mark = await cards.marked(run, what);
  if (settledAt(mark) <= now + AHEAD_MS) return mark;
  const again = stamp(now + CALL_MS + SETTLE_MS);
  return (await cards.mark(run, what, mark, again)) ? again : mark;
}

// --- internal ---

/** More than any mark is ahead, and more than clocks of two bots differ. */
const AHEAD_MS = 2 * (CALL_MS + SETTLE_MS);
