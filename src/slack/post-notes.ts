import type { WebClient } from '@slack/web-api';
import { KEEP_DAYS } from '../domain/due.ts';
import type { RunId } from '../domain/ids.ts';
import type { Rights } from '../domain/rights.ts';
import type { Run } from '../domain/run.ts';
import type { CardQueue, Log } from '../ports.ts';
import { sections } from './blocks.ts';
import { failureOf } from './failures.ts';
import { oneLine } from './mrkdwn.ts';
import { notesOf } from './notes.ts';

const METADATA = 'dimg_note';

interface Posting {
  client: WebClient;
  cards: Pick<CardQueue, 'once'>;
  rights: Rights;
  log: Log;
}
type Thread = { channel: string; ts: string };

/**
 * Puts a run's notes into its card's thread, each once: what may have been posted before, by a bot that died or in an
 * answer that was lost, is looked up first. Returns after how many milliseconds it is to be tried again; 0 once all is there.
 */
export function openNotes({
  client,
  cards,
  rights,
  log,
}: Posting): (run: Run, card: Thread) => Promise<number> {
  const there = new Set<string>();
  return async (run, card) => {
    for (const { key, words } of notesOf(run, rights)) {
      const name = `${run.id} ${key}`;
      if (there.has(name)) continue;
      if (there.size > 1_000) there.clear();
      try {
        const first = await cards.once(run.id, `note ${key}`, KEEP_DAYS * 86_400);
        if (first || !(await isPosted(client, card, run.id, key)))
          await client.chat.postMessage({
            channel: card.channel,
            thread_ts: card.ts,
            text: oneLine(words, 1_000),
            blocks: sections([words]),
            unfurl_links: false,
            unfurl_media: false,
            metadata: { event_type: METADATA, event_payload: { run: run.id, key } },
          });
      } catch (error) {
        const failure = failureOf(error);
        log.error('a note could not be put into a thread', error, { run: run.id, note: key });
        if (failure.kind !== 'refused') return failure.kind === 'later' ? failure.ms : 2_000;
      }
      there.add(name);
    }
    return 0;
  };
}

// --- internal ---

async function isPosted(client: WebClient, card: Thread, run: RunId, key: string): Promise<boolean> {
  const { messages } = await client.conversations.replies({
    ...card,
    include_all_metadata: true,
    limit: 1_000,
  });
  return (messages ?? []).some(({ metadata }) => {
    const payload = metadata?.event_payload as { run?: number; key?: string } | undefined;
    return metadata?.event_type === METADATA && payload?.run === run && payload.key === key;
  });
}
