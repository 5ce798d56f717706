import type { WebClient } from '@slack/web-api';
import { code, say } from '../domain/markup.ts';
import { isFinal, type Run } from '../domain/run.ts';
import { headline } from '../domain/words.ts';
import type { CardQueue, Log } from '../ports.ts';
import { sections } from './blocks.ts';
import { failureOf } from './failures.ts';
import { metadataOf } from './metadata.ts';

/** As long as runs are kept. */
const REMEMBERED_S = 90 * 86_400;

/** One line in the audit's own channel for each run that is over: its heads are then in two channels. */
export async function postAuditLine(
  { client, cards, log }: { client: WebClient; cards: CardQueue; log: Log },
  channel: string,
  run: Run,
): Promise<void> {
  if (!isFinal(run.state) || !run.audit) return;
  if (!(await cards.once(run.id, 'audit channel', REMEMBERED_S))) return;
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
    // One whose answer was lost may be there, and two would not harm: but nobody needs them.
    if (failureOf(error).kind === 'later') await cards.again(run.id, 'audit channel');
  }
}
