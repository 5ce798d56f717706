import type { WebClient } from '@slack/web-api';
import { KEEP_S } from '../domain/due.ts';
import type { Markup } from '../domain/markup.ts';
import type { Run } from '../domain/run.ts';
import type { CardQueue, Log } from '../ports.ts';
import { asText, pages, QUIET } from './blocks.ts';
import { failureOf } from './failures.ts';

/** Lines in a thread before they become a file. */
export const THREAD_LINES = 100;

type Thread = { channel: string; ts: string };

/**
 * A list that is too long for its card, once: as messages, or as a file where those would be many. Returns after how
 * many milliseconds it is to be tried again; 0 once it is there, or will not be.
 */
export async function listInThread(
  { client, cards, log }: { client: WebClient; cards: CardQueue; log: Log },
  run: Run,
  at: Thread,
  what: 'plan' | 'outcomes',
  list: (() => Markup[]) | null,
): Promise<number> {
  if (!list || !(await cards.once(run.id, `thread ${what}`, KEEP_S))) return 0;
  const lines = list();
  try {
    await putList(client, at, `${what}-${run.id}`, lines);
    return 0;
  } catch (error) {
    // The card itself stays true without it.
    log.error('a list could not be put into a thread', error, { run: run.id });
    const failure = failureOf(error);
    if (failure.kind !== 'later') return 0;
    await cards.again(run.id, `thread ${what}`);
    return failure.ms;
  }
}

export async function uploadList(
  client: WebClient,
  thread: Thread,
  name: string,
  lines: readonly Markup[],
): Promise<void> {
  await uploadFile(client, thread, `${name}.txt`, asText(lines));
}
/** A file in a channel, or in a thread of it. */
export async function uploadFile(
  client: WebClient,
  { channel, ts }: { channel: string; ts?: string },
  name: string,
  content: string,
): Promise<void> {
  const title = name.replace(/\.txt$/, '');
  const file = { filename: name, title, content };
  await (ts === undefined
    ? client.filesUploadV2({ channel_id: channel, ...file })
    : client.filesUploadV2({ channel_id: channel, thread_ts: ts, ...file }));
}

// --- internal ---

/** A list below a message: as messages, or as a file where those would be many. */
async function putList(
  client: WebClient,
  thread: Thread,
  name: string,
  lines: readonly Markup[],
): Promise<void> {
  if (lines.length > THREAD_LINES) return uploadList(client, thread, name, lines);
  for (const page of pages(lines))
    await client.chat.postMessage({
      channel: thread.channel,
      thread_ts: thread.ts,
      ...page,
      ...QUIET,
    });
}
