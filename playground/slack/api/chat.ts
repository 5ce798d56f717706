import { z } from 'zod';
import { checkContent, fitsPost, fitsUpdate } from '../blocks/message.ts';
import type { Context } from '../context.ts';
import { wireMessage } from '../messages.ts';
import { refuse } from '../refuse.ts';
import type { Block, Channel, Json, Message } from '../types.ts';
import { BOT_ID } from '../world.ts';
import { method, visibleChannel, writableChannel } from './define.ts';

const flag = z.union([z.boolean(), z.stringbool()]).optional();
const ts = z.string().regex(/^\d+\.\d{6}$/);
const content = {
  text: z.unknown().optional(),
  blocks: z.unknown().optional(),
  metadata: z.unknown().optional(),
  attachments: z.unknown().optional(),
};
const WRITE = ['chat:write'];

function checked(context: Context, name: string, body: Json, fits: (text: string) => boolean) {
  const { blockTextLimit } = context.settings;
  return checkContent(body, {
    fits,
    blockTextLimit,
    warn: (text) => context.record.warn(name, text, body),
  });
}

/** Replies hang on an existing parent; Slack's client loses those that don't. */
function checkThread(
  context: Context,
  name: string,
  channel: Channel,
  thread: string | undefined,
  body: Json,
) {
  if (thread === undefined) return;
  const parent = context.messages.find(channel.id, thread);
  if (!parent || parent.ephemeral_to) refuse('thread_not_found');
  if (parent?.thread_ts && parent.thread_ts !== parent.ts)
    context.record.warn(name, 'thread_ts_of_a_reply', body);
}

const post = method(
  'chat.postMessage',
  WRITE,
  z.object({
    channel: z.string().min(1),
    ...content,
    thread_ts: ts.optional(),
    reply_broadcast: flag,
    unfurl_links: flag,
    unfurl_media: flag,
    mrkdwn: flag,
    parse: z.enum(['full', 'none']).optional(),
    link_names: flag,
  }),
  (context, args, body) => {
    const channel = writableChannel(context, args.channel);
    const said = checked(context, 'chat.postMessage', body, fitsPost);
    checkThread(context, 'chat.postMessage', channel, args.thread_ts, body);
    const { unfurl_links, unfurl_media, reply_broadcast } = args;
    const message = context.messages.post({
      channel: channel.id,
      content: said,
      by: 'chat.postMessage',
      thread_ts: args.thread_ts,
      flags: {
        ...(unfurl_links === undefined ? {} : { unfurl_links }),
        ...(unfurl_media === undefined ? {} : { unfurl_media }),
        ...(reply_broadcast ? { reply_broadcast } : {}),
      },
    });
    return { channel: channel.id, ts: message.ts, message: wireMessage(message) };
  },
);

const ephemeral = method(
  'chat.postEphemeral',
  WRITE,
  z.object({
    channel: z.string().min(1),
    user: z.string().min(1),
    ...content,
    thread_ts: ts.optional(),
    parse: z.string().optional(),
    link_names: flag,
  }),
  (context, args, body) => {
    const channel = writableChannel(context, args.channel);
    if (!channel.members.includes(args.user)) refuse('user_not_in_channel');
    const said = checked(context, 'chat.postEphemeral', body, fitsPost);
    checkThread(context, 'chat.postEphemeral', channel, args.thread_ts, body);
    const message = context.messages.post({
      channel: channel.id,
      content: said,
      by: 'chat.postEphemeral',
      thread_ts: args.thread_ts,
      ephemeral_to: args.user,
    });
    return { message_ts: message.ts };
  },
);

/** The bot's own message that everybody sees, or the reason why it can't be touched. */
function ownMessage(context: Context, channel: Channel, at: string, otherwise: string): Message {
  const message = context.messages.find(channel.id, at);
  if (!message || message.ephemeral_to) return refuse('message_not_found');
  if (message.bot_id !== BOT_ID) return refuse(otherwise);
  return message;
}

const isRich = (blocks: readonly Block[] | undefined) =>
  blocks?.some((block) => block.type === 'rich_text') ?? false;

const update = method(
  'chat.update',
  WRITE,
  z.object({
    channel: z.string().min(1),
    ts,
    ...content,
    parse: z.string().optional(),
    link_names: flag,
    reply_broadcast: flag,
  }),
  (context, args, body) => {
    const channel = visibleChannel(context, args.channel);
    if (channel.is_archived) refuse('is_archived');
    const old = ownMessage(context, channel, args.ts, 'cant_update_message');
    const said = checked(context, 'chat.update', body, fitsUpdate);
    if (said.blocks?.length && old.blocks?.length && isRich(said.blocks) !== isRich(old.blocks))
      refuse('block_mismatch');
    const message = context.messages.update(old, said, 'chat.update');
    return { channel: channel.id, ts: message.ts, text: message.text, message: wireMessage(message) };
  },
);

const remove = method('chat.delete', WRITE, z.object({ channel: z.string().min(1), ts }), (context, args) => {
  const channel = visibleChannel(context, args.channel);
  const message = ownMessage(context, channel, args.ts, 'cant_delete_message');
  context.messages.remove(message, 'chat.delete');
  return { channel: channel.id, ts: message.ts };
});

const permalink = method(
  'chat.getPermalink',
  [],
  z.object({ channel: z.string().min(1), message_ts: ts }),
  (context, args) => {
    const channel = visibleChannel(context, args.channel);
    const message = context.messages.find(channel.id, args.message_ts);
    if (!message || message.ephemeral_to) return refuse('message_not_found');
    const { thread_ts } = message;
    const inThread = thread_ts && thread_ts !== message.ts ? `?thread_ts=${thread_ts}&cid=${channel.id}` : '';
    const url = `https://${context.world.team.domain}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}${inThread}`;
    return { channel: channel.id, permalink: url };
  },
);

export const chat = [post, ephemeral, update, remove, permalink];
