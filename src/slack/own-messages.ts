import type { Tagged } from './metadata.ts';

/** What is asked of Slack's history, of a channel or a thread. */
export type ReadPage = (page: { limit: number; cursor?: string }) => Promise<{
  messages?: OwnMessage[];
  response_metadata?: { next_cursor?: string };
}>;
export type OwnMessage = Tagged & { text?: string; files?: { name?: string | null }[] };

export const PAGE = 200;

/**
 * Messages of our own, newest first, page by page, at most so many pages. `isLast` says that there are no older ones. Others
 * may carry what ours do: by the bot's own id they are told apart. Rejects as `read` does.
 */
export async function* ownMessages(
  botId: string | Promise<string>,
  read: ReadPage,
  pages: number,
): AsyncGenerator<{ own: OwnMessage[]; isLast: boolean }> {
  let cursor = '';
  for (let page = 0; page < pages; page++) {
    const found = await ownPage(botId, read, cursor);
    cursor = found.cursor;
    yield { own: found.own, isLast: cursor === '' };
    if (cursor === '') return;
  }
}

/** One page of them, from a cursor on, and the cursor of the next; empty for the first and behind the last. */
export async function ownPage(
  botId: string | Promise<string>,
  read: ReadPage,
  cursor: string,
): Promise<{ own: OwnMessage[]; cursor: string }> {
  const id = await botId;
  const { messages = [], response_metadata } = await read({
    limit: PAGE,
    ...(cursor !== '' && { cursor }),
  });
  return {
    own: messages.filter(({ bot_id }) => bot_id === id),
    cursor: response_metadata?.next_cursor ?? '',
  };
}
