import type { WebClient } from '@slack/web-api';
import { KEEP_DAYS } from '../domain/due.ts';
import { code, say } from '../domain/markup.ts';
import { isFinal, type Run } from '../domain/run.ts';
import { headline } from '../domain/words.ts';
import type { CardQueue, Log } from '../ports.ts';
import { sections } from './blocks.ts';
import { failureOf } from './failures.ts';
import { metadataOf } from './metadata.ts';

/**
 * One line in the audit's own channel for each run that is over: its heads are then in two channels. Returns after how
 * many milliseconds it is to be tried again; 0 once it is there.
 */
export async function postAuditLine(
  {
    client,
    cards,
    log,
    auditChannel: channel,
  }: { client: WebClient; cards: CardQueue; log: Log; auditChannel?: string | undefined },
  run: Run,
): Promise<number> {
  if (channel === undefined || !isFinal(run.state) || !run.audit) return 0;
  if (!(await cards.once(run.id, 'audit channel', KEEP_DAYS * 86_400))) return 0;
  const words = headline(run);
  try {
    await client.chat.postMessage({
      channel,
      text: words,
      blocks: sections([say`${words} · audit ${run.audit.n} ${code(run.audit.hash)}`]),
      unfurl_links: false,
      unfurl_media: false,
      metadata: metadataOf(run),
    });
  } catch (error) {
    log.error('the audit channel did not take a line', error, { run: run.id });
    const failure = failureOf(error);
    // One whose answer was lost may be there, and two would not harm: but nobody needs them.
    if (failure.kind !== 'later') return 0;
    await cards.again(run.id, 'audit channel');
    return failure.ms;
  }
  return 0;
}
