import type { WebClient } from '@slack/web-api';
import { UserError } from '../domain/error.ts';
import { say } from '../domain/markup.ts';
import type { Log, Voice } from '../ports.ts';
import { privatePages } from './answers.ts';
import { pages, QUIET } from './blocks.ts';
import { failureOf } from './failures.ts';
import { THREAD_LINES, uploadFile, uploadList } from './lists.ts';

/** Messages that are not cards. */
export function openVoice(client: WebClient, log: Log): Voice {
  return {
    async reply(replyTo, answer) {
      for (const message of privatePages(answer)) {
        const response = await fetch(replyTo, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(message),
          redirect: 'error',
          signal: AbortSignal.timeout(10_000),
        });
        // Half an hour and five uses: after that nobody waits for it any more.
        if (!response.ok) log.warn('Slack did not take a private answer', { status: response.status });
      }
    },
    async post(channel, answer) {
      try {
        const [first, ...more] = pages(answer.lines);
        const head = { ...first, text: answer.notice ?? first?.text ?? '', blocks: first?.blocks ?? [] };
        const { ts } = await client.chat.postMessage({ channel, ...head, ...QUIET });
        if (answer.file) await uploadFile(client, { channel }, answer.file.name, answer.file.content);
        if (more.length === 0 || ts === undefined) return;
        if (answer.lines.length <= THREAD_LINES)
          for (const page of more)
            await client.chat.postMessage({ channel, thread_ts: ts, ...page, ...QUIET });
        else await uploadList(client, { channel, ts }, 'all', answer.lines);
      } catch (error) {
        const failure = failureOf(error);
        log.error('Slack did not take a message', error);
        throw new UserError(
          failure.kind === 'refused' ? failure.words : say`Slack did not take the message: try again.`,
          { cause: error },
        );
      }
    },
  };
}
