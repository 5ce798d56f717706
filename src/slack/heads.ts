import type { WebClient } from '@slack/web-api';
import { code, say } from '../domain/markup.ts';
import type { KeptHead } from '../domain/verify-entry.ts';
import type { Log, PostedHeads } from '../ports.ts';
import { failureOf } from './failures.ts';
import { readMetadata } from './metadata.ts';
import { ownMessages, PAGE, type ReadPage } from './own-messages.ts';

/** Newest first; older cards are in a channel's past for people to look at. */
const MESSAGES = 1_000;

/** Heads of the audit that our own messages carry: whoever changes the audit in Redis can't change those. */
export function openPostedHeads(
  client: WebClient,
  { botId, auditChannel }: { botId: string | Promise<string>; auditChannel: string | undefined },
  log: Log,
): PostedHeads {
  return {
    async in(channel) {
      const heads: KeptHead[] = [];
      const read: ReadPage = (page) =>
        client.conversations.history({ channel, include_all_metadata: true, ...page });
      try {
        for await (const { own, isLast } of ownMessages(botId, read, MESSAGES / PAGE)) {
          for (const message of own) {
            const payload = readMetadata(message);
            if (payload?.audit_n === undefined || payload.audit_hash === undefined) continue;
            const what = channel === auditChannel ? 'the audit channel’s line' : 'the card';
            heads.push({ n: payload.audit_n, hash: payload.audit_hash, where: `${what} of #${payload.run}` });
          }
          if (isLast) return { heads };
        }
        return { heads, newest: MESSAGES };
      } catch (error) {
        log.warn('a channel’s cards could not be read', { channel, error: (error as Error).message });
        const failure = failureOf(error);
        switch (failure.kind) {
          case 'refused':
            return { unread: say`Slack does not let dimg read it (${code(failure.error)})` };
          case 'later':
            return { unread: say`Slack is busy` };
          case 'unknown':
            return { unread: say`Slack did not answer` };
        }
      }
    },
  };
}
