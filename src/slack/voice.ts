import type { WebClient } from '@slack/web-api';
import { UserError } from '../domain/error.ts';
import { type Markup, say } from '../domain/markup.ts';
import type { Log, Voice } from '../ports.ts';
import { privatePages } from './answers.ts';
import type { Time } from './backoff.ts';
import { pages, QUIET } from './blocks.ts';
import { type Failure, failureOf } from './failures.ts';
import { THREAD_LINES, uploadFile, uploadList } from './lists.ts';
import { openReplies } from './reply.ts';

/** Messages that are not cards. */
export function openVoice(client: WebClient, time: Pick<Time, 'sleep'>, log: Log): Voice {
  const reply = openReplies(time, log);
  return {
    async reply(replyTo, answer) {
      await reply(replyTo, privatePages(answer));
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
        throw new UserError(wordsFor(failure), { cause: error, lasting: failure.kind === 'refused' });
      }
    },
  };
}

// --- internal ---

function wordsFor(failure: Failure): Markup {
  switch (failure.kind) {
    case 'refused':
      return failure.words;
    case 'later':
      return say`Slack did not take the message: try again.`;
    case 'unknown':
      return say`Slack did not say whether it took the message: look whether it is there before you ask again.`;
  }
}
