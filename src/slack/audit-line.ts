import { code, say } from '../domain/markup.ts';
import { isFinal, type Run } from '../domain/run.ts';
import { totals } from '../domain/totals.ts';
import { headline } from '../domain/words.ts';
import { QUIET, sections } from './blocks.ts';
import type { Finder } from './find.ts';
import { laterWord } from './later-word.ts';
import { metadataOf } from './metadata.ts';
import { isOld, type Posting, postBelow } from './post-once.ts';

/**
 * One line in the audit's own channel for each run that is over, and one more each time that hosts tell later what had been
 * unknown: its heads are then in two channels. Returns after how many milliseconds it is to be tried again; 0 once it is
 * there, or will not be.
 */
export function openAuditLine(
  posting: Posting & { finder: Finder; auditChannel?: string | undefined },
): (run: Run) => Promise<number> {
  const { auditChannel: channel, client, finder, time } = posting;
  const there = new Set<string>();
  return async (run) => {
    if (channel === undefined || !isFinal(run.state) || !run.audit) return 0;
    const { unknown } = totals(run);
    const name = `${run.id} ${unknown}`;
    if (there.has(name)) return 0;
    const later = await laterWord(posting.cards, run);
    if (later === null && isOld(run, time.now())) return 0;
    const text = headline(run);
    const blocks = sections([say`${text} · audit ${run.audit.n} ${code(run.audit.hash)}`]);
    const { event_type, event_payload } = metadataOf(run);
    const wait = await postBelow(posting, {
      ...{ run: run.id, what: later === null ? 'audit channel' : `audit channel ${later}`, channel },
      find: (span) =>
        finder.about(run.id, channel, span, (line) => later === null || (line.unknown ?? 0) === later),
      async send() {
        const sent = await client.chat.postMessage({
          ...{ channel, text, blocks, ...QUIET },
          metadata: { event_type, event_payload: { ...event_payload, unknown } },
        });
        return { channel, ts: sent.ts ?? '' };
      },
    });
    if (there.size > 1_000) there.clear();
    if (wait === 0) there.add(name);
    return wait;
  };
}
