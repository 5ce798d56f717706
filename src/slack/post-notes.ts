import type { WebClient } from '@slack/web-api';
import type { RunId } from '../domain/ids.ts';
import type { Rights } from '../domain/rights.ts';
import type { Run } from '../domain/run.ts';
import type { CardQueue, Log } from '../ports.ts';
import { sections } from './blocks.ts';
import { noteMetadata, readNote } from './metadata.ts';
import { oneLine } from './mrkdwn.ts';
import { notesOf } from './notes.ts';
import { isOld, postOnce } from './post-once.ts';

interface Posting {
  client: WebClient;
  cards: Pick<CardQueue, 'once'>;
  rights: Rights;
  log: Log;
}
type Thread = { channel: string; ts: string };

/**
 * Puts a run's notes into its card's thread, each once. Returns after how many milliseconds it is to be tried again; 0
 * once all is there.
 */
export function openNotes(posting: Posting): (run: Run, card: Thread) => Promise<number> {
  const there = new Set<string>();
  return async (run, card) => {
    if (isOld(run)) return 0;
    for (const { key, words } of notesOf(run, posting.rights)) {
      const name = `${run.id} ${key}`;
      if (there.has(name)) continue;
      const wait = await postOnce(posting, {
        ...{ run: run.id, what: `note ${key}` },
        message: {
          ...{ channel: card.channel, thread_ts: card.ts },
          ...{ text: oneLine(words, 1_000), blocks: sections([words]) },
          metadata: noteMetadata(run.id, key),
        },
        isThere: () => isNoted(posting.client, card, run.id, key),
      });
      if (wait > 0) return wait;
      if (there.size > 1_000) there.clear();
      there.add(name);
    }
    return 0;
  };
}

/** Whether a note stands in a thread. */
export async function isNoted(client: WebClient, card: Thread, run: RunId, key: string): Promise<boolean> {
  const { messages } = await client.conversations.replies({
    ...card,
    include_all_metadata: true,
    limit: 1_000,
  });
  return (messages ?? []).some((message) => {
    const note = readNote(message);
    return note?.run === run && note.key === key;
  });
}
