import { WebAPIHTTPError, WebAPIRequestError, type WebClient } from '@slack/web-api';
import { type Markup, say } from '../domain/markup.ts';
import type { Run } from '../domain/run.ts';
import { totals } from '../domain/totals.ts';
import { asText, pages } from './blocks.ts';
import type { Card } from './card.ts';
import type { Finder, Place } from './find.ts';
import { laterWord } from './later-word.ts';
import { CALL_MS, DONE } from './marks.ts';
import { postNote } from './post-notes.ts';
import { type Posting, postBelow } from './post-once.ts';

/** Lines in a thread before they become a file. */
export const THREAD_LINES = 100;

type Thread = Place;

/**
 * Puts what is too long for a card into its thread, each list once: as messages, or as a file where those would be many. How
 * a run ended is listed anew where hosts tell later what had been unknown.
 * Returns after how many milliseconds it is to be tried again; 0 once it is there, or will not be.
 */
export function openLists(posting: Posting & { finder: Finder }) {
  const { client, cards, finder } = posting;
  const there = new Set<string>();

  async function put(run: Run, card: Thread, what: string, lines: readonly Markup[]): Promise<number> {
    const messages = lines.length > THREAD_LINES ? [null] : pages(lines);
    for (const [i, content] of messages.entries()) {
      const part = { run: run.id, what: `thread ${what} ${i + 1}` };
      // Bots from before put it there without what it can be found by.
      if (await cards.mark(part.run, part.what, '1', DONE)) continue;
      const name = `${what}-${run.id}`;
      let file = '';
      const wait = content
        ? await postNote(posting, { ...part, card, key: `list ${what} ${i + 1}`, content })
        : await postBelow(posting, {
            ...{ ...part, channel: card.channel },
            find: (span) => finder.file(`${name}.txt`, card, span),
            async prepare() {
              file = await upload(posting, `${name}.txt`, asText(lines));
            },
            async send() {
              const { channel, ts } = card;
              const files: [{ id: string; title: string }] = [{ id: file, title: name }];
              await client.files.completeUploadExternal({ files, channel_id: channel, thread_ts: ts });
              return card;
            },
          });
      if (wait > 0) return wait;
    }
    return 0;
  }

  return async (
    run: Run,
    at: Thread,
    { planList, outcomeList }: Pick<Card, 'planList' | 'outcomeList'>,
  ): Promise<number> => {
    for (const [what, list] of [
      ['plan', planList],
      ['outcomes', outcomeList],
    ] as const) {
      if (!list) continue;
      const name = what === 'plan' ? `${run.id} plan` : `${run.id} ${totals(run).unknown}`;
      if (there.has(name)) continue;
      const later = what === 'plan' ? null : await laterWord(cards, run);
      const wait =
        later === null
          ? await put(run, at, what, list())
          : await put(run, at, `${what}-${later}-unknown`, [
              say`By now this is known, instead of what is listed above:`,
              ...list(),
            ]);
      if (wait > 0) return wait;
      if (there.size > 1_000) there.clear();
      there.add(name);
    }
    return 0;
  };
}

/** Brings a file to Slack, where nobody sees it before it is completed. Resolves to its id. */
async function upload({ client, gate }: Posting, filename: string, content: string): Promise<string> {
  const body = Buffer.from(content);
  const { file_id = '', upload_url = '' } = await client.files.getUploadURLExternal({
    filename,
    length: body.byteLength,
  });
  const signal = AbortSignal.timeout(CALL_MS);
  const { status } = await gate.fetch(upload_url, { method: 'POST', body, signal }).catch((error: Error) => {
    throw new WebAPIRequestError(error);
  });
  if (status !== 200) throw new WebAPIHTTPError(status, '', {});
  return file_id;
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
