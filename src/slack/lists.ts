import type { WebClient } from '@slack/web-api';
import type { Markup } from '../domain/markup.ts';
import { asText, pages } from './blocks.ts';

/** Lines in a thread before they become a file. */
export const THREAD_LINES = 100;

type Thread = { channel: string; ts: string };

/** A list below a message: as messages, or as a file where those would be many. */
export async function putList(
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
      unfurl_links: false,
      unfurl_media: false,
    });
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
