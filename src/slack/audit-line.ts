import type { WebClient } from '@slack/web-api';
import type { RunId } from '../domain/ids.ts';
import { code, say } from '../domain/markup.ts';
import { isFinal, type Run } from '../domain/run.ts';
import { headline } from '../domain/words.ts';
import type { CardQueue, Log } from '../ports.ts';
import { sections } from './blocks.ts';
import { metadataOf, readMetadata } from './metadata.ts';
import { isOld, postOnce } from './post-once.ts';

interface Posting {
  client: WebClient;
  cards: CardQueue;
  log: Log;
  auditChannel?: string | undefined;
}

/**
 * One line in the audit's own channel for each run that is over: its heads are then in two channels. Returns after how
 * many milliseconds it is to be tried again; 0 once it is there, or will not be.
 */
export function openAuditLine(posting: Posting): (run: Run) => Promise<number> {
  const { auditChannel: channel, client } = posting;
  const there = new Set<RunId>();
  return async (run) => {
    if (channel === undefined || !isFinal(run.state) || !run.audit || isOld(run) || there.has(run.id))
      return 0;
    const text = headline(run);
    const blocks = sections([say`${text} · audit ${run.audit.n} ${code(run.audit.hash)}`]);
    const wait = await postOnce(posting, {
      ...{ run: run.id, what: 'audit channel' },
      message: { channel, text, blocks, metadata: metadataOf(run) },
      isThere: () => isPosted(client, channel, run),
    });
    if (there.size > 1_000) there.clear();
    if (wait === 0) there.add(run.id);
    return wait;
  };
}

// --- internal ---

async function isPosted(client: WebClient, channel: string, run: Run): Promise<boolean> {
  const { messages } = await client.conversations.history({
    ...{ channel, include_all_metadata: true, limit: 999 },
    oldest: String((run.endedAt ?? run.createdAt) / 1000 - 60),
  });
  return (messages ?? []).some((message) => readMetadata(message)?.run === run.id);
}
