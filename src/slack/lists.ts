import type { WebClient } from '@slack/web-api';
import { KEEP_S } from '../domain/due.ts';
import type { Markup } from '../domain/markup.ts';
import type { Run } from '../domain/run.ts';
import type { CardQueue, Log } from '../ports.ts';
import { asText, pages, QUIET } from './blocks.ts';
import type { Card } from './card.ts';
import { failureOf } from './failures.ts';

/** Lines in a thread before they become a file. */
export const THREAD_LINES = 100;

type Thread = { channel: string; ts: string };

/**
 * Puts what is too long for a card into its thread, each list once: as messages, or as a file where those would be many.
 * Returns after how many milliseconds it is to be tried again; 0 once it is there, or will not be.
 */
export function openLists({ client, cards, log }: { client: WebClient; cards: CardQueue; log: Log }) {
  const there = new Set<string>();

  async function put(
    run: Run,
    at: Thread,
    what: 'plan' | 'outcomes',
    lines: readonly Markup[],
  ): Promise<number> {
    for (const [i, part] of partsOf(client, at, `${what}-${run.id}`, lines).entries()) {
      const key = `thread ${what} ${i + 1}`;
      if (!(await cards.once(run.id, key, KEEP_S))) continue;
      try {
        await part();
      } catch (error) {
        // The card itself stays true without it.
        log.error('a list could not be put into a thread', error, { run: run.id });
        const failure = failureOf(error);
        if (failure.kind !== 'later') continue;
        await cards.again(run.id, key);
        return failure.ms;
      }
    }
    return 0;
  }

  return async (run: Run, at: Thread, { planList, outcomeList }: Card): Promise<number> => {
    for (const [what, list] of [
      ['plan', planList],
      ['outcomes', outcomeList],
    ] as const) {
      const name = `${run.id} ${what}`;
      if (!list || there.has(name)) continue;
      const wait = await put(run, at, what, list());
      if (wait > 0) return wait;
      if (there.size > 1_000) there.clear();
      there.add(name);
    }
    return 0;
  };
}

/** Lines as a text file below a message. */
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

/** What is posted one after the other, each of it whole or not at all. */
function partsOf(
  client: WebClient,
  at: Thread,
  name: string,
  lines: readonly Markup[],
): (() => Promise<unknown>)[] {
  if (lines.length > THREAD_LINES) return [() => uploadList(client, at, name, lines)];
  const { channel, ts: thread_ts } = at;
  return pages(lines).map((page) => () => client.chat.postMessage({ channel, thread_ts, ...page, ...QUIET }));
}
