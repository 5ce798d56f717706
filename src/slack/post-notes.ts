import type { RunId } from '../domain/ids.ts';
import type { Rights } from '../domain/rights.ts';
import type { Run } from '../domain/run.ts';
import { type Content, QUIET, sections } from './blocks.ts';
import type { Finder, Place } from './find.ts';
import { noteMetadata } from './metadata.ts';
import { oneLine } from './mrkdwn.ts';
import { notesOf } from './notes.ts';
import { isOld, type Posting, postBelow } from './post-once.ts';

/**
 * Puts a run's notes into its card's thread, each once. Returns after how many milliseconds it is to be tried again; 0
 * once all is there.
 */
export function openNotes(
  posting: Posting & { rights: Rights; finder: Finder },
): (run: Run, card: Place) => Promise<number> {
  const there = new Set<string>();
  return async (run, card) => {
    if (isOld(run, posting.time.now())) return 0;
    for (const { key, words } of notesOf(run, posting.rights)) {
      const name = `${run.id} ${key}`;
      if (there.has(name)) continue;
      const content = { text: oneLine(words, 1_000), blocks: sections([words]) };
      const wait = await postNote(posting, { run: run.id, card, key, what: `note ${key}`, content });
      if (wait > 0) return wait;
      if (there.size > 1_000) there.clear();
      there.add(name);
    }
    return 0;
  };
}

/** Puts one message below a card, once. Resolves to after how many milliseconds it is to be tried again, 0 for never. */
export function postNote(
  posting: Posting & { finder: Finder },
  { run, card, key, what, content }: { run: RunId; card: Place; key: string; what: string; content: Content },
): Promise<number> {
  const { channel, ts: thread_ts } = card;
  return postBelow(posting, {
    ...{ run, what, channel },
    find: (span) => posting.finder.note(run, key, card, span),
    async send() {
      const metadata = noteMetadata(run, key);
      const message = { channel, thread_ts, ...content, ...QUIET, metadata };
      return { channel, ts: (await posting.client.chat.postMessage(message)).ts ?? '' };
    },
  });
}
