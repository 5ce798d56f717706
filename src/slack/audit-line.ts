import type { RunId } from '../domain/ids.ts';
import { code, say } from '../domain/markup.ts';
import { isFinal, type Run } from '../domain/run.ts';
import { headline } from '../domain/words.ts';
import { QUIET, sections } from './blocks.ts';
import type { Finder } from './find.ts';
import { metadataOf } from './metadata.ts';
import { isOld, type Posting, postBelow } from './post-once.ts';

/**
 * One line in the audit's own channel for each run that is over: its heads are then in two channels. Returns after how
 * many milliseconds it is to be tried again; 0 once it is there, or will not be.
 */
export function openAuditLine(
  posting: Posting & { finder: Finder; auditChannel?: string | undefined },
): (run: Run) => Promise<number> {
  const { auditChannel: channel, client, finder, time } = posting;
  const there = new Set<RunId>();
  return async (run) => {
    if (
      channel === undefined ||
      !isFinal(run.state) ||
      !run.audit ||
      isOld(run, time.now()) ||
      there.has(run.id)
    )
      return 0;
    const text = headline(run);
    const blocks = sections([say`${text} · audit ${run.audit.n} ${code(run.audit.hash)}`]);
    const wait = await postBelow(posting, {
      ...{ run: run.id, what: 'audit channel', channel },
      find: (span) => finder.about(run.id, channel, span),
      async send() {
        const sent = await client.chat.postMessage({
          ...{ channel, text, blocks, ...QUIET },
          metadata: metadataOf(run),
        });
        return { channel, ts: sent.ts ?? '' };
      },
    });
    if (there.size > 1_000) there.clear();
    if (wait === 0) there.add(run.id);
    return wait;
  };
}
