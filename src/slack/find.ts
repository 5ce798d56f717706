import type { WebClient } from '@slack/web-api';
import type { RunId } from '../domain/ids.ts';
import { type Payload, readNote } from './metadata.ts';
import { type OwnMessage, ownMessages, type ReadPage } from './own-messages.ts';
import { openScans, type Span } from './scan.ts';

export interface Place {
  channel: string;
  ts: string;
}
/** More than anybody writes below a card in the minutes in which a message may have been sent. */
const PAGES = 50;

/** Looks for messages of our own that may have reached Slack though it did not say so. */
export function openFinder(client: WebClient, botId: string | Promise<string>, now: () => number) {
  const scan = openScans(botId, now);
  async function look(read: ReadPage, fits: (message: OwnMessage) => boolean): Promise<string | null> {
    for await (const { own } of ownMessages(botId, read, PAGES)) {
      const ts = own.find(fits)?.ts;
      if (ts !== undefined) return ts;
    }
    return null;
  }

  const inThread = (at: Place, span: Span, fits: (message: OwnMessage) => boolean) =>
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
      const ts = await scan(
        channel,
        span,
        (page) =>
          client.conversations.history({ channel, ...range(span), include_all_metadata: true, ...page }),
        (carried) => carried.run === run && fits(carried),
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
