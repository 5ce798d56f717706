import type { WebClient } from '@slack/web-api';
import type { RunId } from '../domain/ids.ts';
import { type Payload, readMetadata, readNote, type Tagged } from './metadata.ts';

export interface Place {
  channel: string;
  ts: string;
}
/** Milliseconds since 1970. */
export interface Span {
  from?: number;
  to?: number;
}

/** Messages of a page, and pages: more than a channel sees in the minutes in which a message may have been sent. */
const PAGE = 200;
const PAGES = 50;

type Found = Tagged & { files?: { name?: string | null }[] };

/** Looks for messages of our own that may have reached Slack though it did not say so. */
export function openFinder(client: WebClient, botId: string | Promise<string>) {
  async function look(
    read: (page: { limit: number; cursor?: string }) => Promise<{
      messages?: Found[];
      response_metadata?: { next_cursor?: string };
    }>,
    fits: (message: Found) => boolean,
  ): Promise<string | null> {
    const own = await botId;
    let cursor = '';
    for (let page = 0; page < PAGES; page++) {
      const found = await read({ limit: PAGE, ...(cursor !== '' && { cursor }) });
      const ts = found.messages?.find((message) => message.bot_id === own && fits(message))?.ts;
      if (ts !== undefined) return ts;
      cursor = found.response_metadata?.next_cursor ?? '';
      if (cursor === '') return null;
    }
    return null;
  }

  const inThread = (at: Place, span: Span, fits: (message: Found) => boolean) =>
    look(
      (page) => client.conversations.replies({ ...at, ...range(span), include_all_metadata: true, ...page }),
      fits,
    );

  return {
    /** A message in a channel that is about this run, and fits. */
    async about(
      run: RunId,
      channel: string,
      span: Span,
      fits: (carried: Payload) => boolean = () => true,
    ): Promise<Place | null> {
      const ts = await look(
        (page) =>
          client.conversations.history({ channel, ...range(span), include_all_metadata: true, ...page }),
        (message) => {
          const carried = readMetadata(message);
          return carried?.run === run && fits(carried);
        },
      );
      return ts === null ? null : { channel, ts };
    },
    /** A note below a card. */
    async note(run: RunId, key: string, card: Place, span: Span): Promise<Place | null> {
      const ts = await inThread(card, span, (message) => {
        const note = readNote(message);
        return note?.run === run && note.key === key;
      });
      return ts === null ? null : { channel: card.channel, ts };
    },
    /** A file below a card. */
    async file(name: string, card: Place, span: Span): Promise<Place | null> {
      const ts = await inThread(
        card,
        span,
        ({ files }) => files?.some((file) => file.name === name) ?? false,
      );
      return ts === null ? null : { channel: card.channel, ts };
    },
  };
}
export type Finder = ReturnType<typeof openFinder>;

// --- internal ---

const range = ({ from, to }: Span) => ({
  ...(from !== undefined && { oldest: String(from / 1000) }),
  ...(to !== undefined && { latest: String(to / 1000) }),
});
