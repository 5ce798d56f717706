import { setTimeout as sleep } from 'node:timers/promises';
import { WebAPIRateLimitedError, type WebClient } from '@slack/web-api';
import { code, type Markup, say } from '../domain/markup.ts';
import type { Log, PostedCard, PostedCards } from '../ports.ts';
import { failureOf } from './failures.ts';
import { readMetadata, readStored } from './metadata.ts';
import { ownMessages, PAGE, type ReadPage } from './own-messages.ts';

/** Newest first, of each channel; what is further back was over long ago. */
const MESSAGES = 1_000;
/** Of more the others are said to be unread: Slack takes 50 such calls a minute. */
const CHANNELS = 100;

/** Our own cards in Slack, which remember their runs when Redis does not. */
export function openPostedCards(client: WebClient, botId: string | Promise<string>, log: Log): PostedCards {
  return {
    async channels() {
      const found: string[] = [];
      try {
        for (let cursor = ''; ; ) {
          const page = await paced(() =>
            client.users.conversations({
              types: 'public_channel,private_channel',
              exclude_archived: true,
              limit: PAGE,
              ...(cursor !== '' && { cursor }),
            }),
          );
          found.push(...(page.channels ?? []).flatMap(({ id }) => id ?? []));
          cursor = page.response_metadata?.next_cursor ?? '';
          if (cursor === '') return { channels: found };
          if (found.length >= CHANNELS)
            return { channels: found.slice(0, CHANNELS), unread: say`more than ${CHANNELS} channels` };
        }
      } catch (error) {
        return { channels: [], unread: refusal(error) };
      }
    },
    async in(channel) {
      const cards: PostedCard[] = [];
      const read: ReadPage = (page) =>
        paced(() => client.conversations.history({ channel, include_all_metadata: true, ...page }));
      try {
        for await (const { own } of ownMessages(botId, read, MESSAGES / PAGE))
          for (const message of own) {
            const payload = readMetadata(message);
            if (!payload) continue;
            const [, state] = /^#\d+ ([a-z]+) · /.exec(message.text ?? '') ?? [];
            const { audit_n: n, audit_hash: hash } = payload;
            cards.push({
              ...{ number: payload.run, channel, state: state ?? '', remembered: readStored(payload) },
              head: n === undefined || hash === undefined ? null : { n, hash },
            });
          }
        return { cards };
      } catch (error) {
        log.warn('a channel’s cards could not be read', { channel, error: (error as Error).message });
        return { unread: refusal(error) };
      }
    },
  };
}

// --- internal ---

/** Waits as long as Slack wants it to. */
async function paced<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof WebAPIRateLimitedError)) throw error;
      await sleep(error.retryAfter * 1000);
    }
  }
}

/** What Slack says no to it will say no to again; anything else is thrown, to be tried again. */
function refusal(error: unknown): Markup {
  const failure = failureOf(error);
  if (failure.kind === 'refused') return say`Slack does not let dimg read it (${code(failure.error)})`;
  throw error;
}
