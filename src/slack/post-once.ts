import type { WebClient } from '@slack/web-api';
import { KEEP_S } from '../domain/due.ts';
import type { RunId } from '../domain/ids.ts';
import { isFinal, type Run } from '../domain/run.ts';
import type { CardQueue, Log } from '../ports.ts';
import { type Content, QUIET } from './blocks.ts';
import { failureOf, waitOf } from './failures.ts';

/** Whoever had to hear of it has by now; what else is written on its card, as of an undo, tells nobody anew. */
export const isOld = (run: Run): boolean =>
  isFinal(run.state) && Date.now() - (run.endedAt ?? run.createdAt) > DAY_MS;
const DAY_MS = 86_400_000;

interface Once {
  run: RunId;
  /** Of a run there is one of each. */
  what: string;
  message: Content & {
    channel: string;
    thread_ts?: string;
    metadata: { event_type: string; event_payload: Record<string, string | number> };
  };
  /** Whether it was posted before, by a bot that died then or in an answer that was lost. */
  isThere(): Promise<boolean>;
}

/**
 * Posts a message that nobody may read twice. Returns after how many milliseconds it is to be tried again; 0 once it is
 * there, or will not be since Slack refuses it.
 */
export async function postOnce(
  { client, cards, log }: { client: WebClient; cards: Pick<CardQueue, 'once'>; log: Log },
  { run, what, message, isThere }: Once,
): Promise<number> {
  try {
    const first = await cards.once(run, what, KEEP_S);
    if (first || !(await isThere())) await client.chat.postMessage({ ...message, ...QUIET });
    return 0;
  } catch (error) {
    log.error('a message could not be posted', error, { run, what });
    return waitOf(failureOf(error));
  }
}
