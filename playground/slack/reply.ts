import { z } from 'zod';
import { slackIssues } from './blocks/issues.ts';
import { checkContent, fitsPost } from './blocks/message.ts';
import type { Context } from './context.ts';
import type { ReplyContext } from './grants.ts';
import { refuse } from './refuse.ts';
import type { Json, Message } from './types.ts';

/** What a command's acknowledgement and a response_url take: a message without an address. */
const replySchema = z.strictObject({
  text: z.unknown().optional(),
  blocks: z.unknown().optional(),
  metadata: z.unknown().optional(),
  attachments: z.unknown().optional(),
  response_type: z.enum(['ephemeral', 'in_channel']).optional(),
  replace_original: z.boolean().optional(),
  delete_original: z.boolean().optional(),
  thread_ts: z.string().optional(),
  unfurl_links: z.boolean().optional(),
  unfurl_media: z.boolean().optional(),
  mrkdwn: z.boolean().optional(),
});

/** Puts a reply into the channel, visible to its user alone unless it says otherwise. */
export function applyReply(
  context: Context,
  to: ReplyContext,
  body: Json,
  by: 'ack' | 'response_url',
): Message | undefined {
  const { messages, record } = context;
  const args = replySchema.safeParse(body);
  if (!args.success) return refuse('invalid_arguments', slackIssues(args.error, body, ''));
  const reply = args.data;
  const source = to.source && messages.find(to.channel, to.source.ts);

  if (reply.delete_original) {
    if (source) messages.remove(source, by);
    if (!reply.text && !reply.blocks) return undefined;
  }
  // The undocumented cumulative limit was seen with chat.* only (bolt-js#2867).
  const rules = {
    fits: fitsPost,
    blockTextLimit: Number.POSITIVE_INFINITY,
    warn: (text: string) => record.warn(by, text, body),
  };
  const content = checkContent(body, rules);
  if (reply.replace_original && source) return messages.update(source, content, by);

  const ephemeral = (reply.response_type ?? 'ephemeral') === 'ephemeral';
  const message = messages.post({
    channel: to.channel,
    content,
    by,
    thread_ts: reply.thread_ts,
    ephemeral_to: ephemeral ? to.user : undefined,
  });
  to.source ??= { ts: message.ts, ephemeral };
  return message;
}
