import { z } from 'zod';
import type { Context } from '../context.ts';
import { wireMessage } from '../messages.ts';
import { refuse } from '../refuse.ts';
import type { Message } from '../types.ts';
import { BOT_USER } from '../world.ts';
import { method, page, visibleChannel } from './define.ts';

const READ = ['channels:read', 'groups:read'];
const HISTORY = ['channels:history', 'groups:history'];
const flag = z.union([z.boolean(), z.stringbool()]).optional();
const channel = z.string().min(1);
const limit = (max: number, usual: number) => z.coerce.number().int().min(1).max(max).default(usual);
const cursor = z.string().optional();
const range = {
  oldest: z.coerce.string().optional(),
  latest: z.coerce.string().optional(),
  inclusive: flag,
  include_all_metadata: flag,
};

const info = method(
  'conversations.info',
  READ,
  z.object({ channel, include_num_members: flag, include_locale: flag }),
  (context, args) => {
    const { members, ...rest } = visibleChannel(context, args.channel);
    const count = args.include_num_members ? { num_members: members.length } : {};
    return {
      channel: { ...rest, is_channel: !rest.is_private, is_member: members.includes(BOT_USER), ...count },
    };
  },
);

const members = method(
  'conversations.members',
  READ,
  z.object({ channel, limit: limit(1000, 100), cursor }),
  (context, args) => {
    const found = page(visibleChannel(context, args.channel).members, args.limit, args.cursor);
    return { members: found.items, response_metadata: { next_cursor: found.next } };
  },
);

type Range = { oldest?: string | undefined; latest?: string | undefined; inclusive?: boolean | undefined };

/** Timestamps compare as text: the seconds have ten digits until the year 2286. */
function inRange({ oldest, latest, inclusive }: Range) {
  return ({ ts }: Message) =>
    (!oldest || (inclusive ? ts >= oldest : ts > oldest)) &&
    (!latest || (inclusive ? ts <= latest : ts < latest));
}

function seen(context: Context, message: Message, withMetadata: boolean | undefined) {
  const { metadata, ...rest } = wireMessage(message);
  const replies = message.thread_ts ? [] : context.messages.thread(message.channel, message.ts).slice(1);
  const thread =
    replies.length > 0
      ? { thread_ts: message.ts, reply_count: replies.length, latest_reply: replies.at(-1)?.ts }
      : {};
  return { ...rest, ...thread, ...(metadata && withMetadata ? { metadata } : {}) };
}

const readable = (context: Context, id: string) => {
  const found = visibleChannel(context, id);
  if (!found.members.includes(BOT_USER)) refuse('not_in_channel');
  return found;
};

const history = method(
  'conversations.history',
  HISTORY,
  z.object({ channel, limit: limit(999, 100), cursor, ...range }),
  (context, args) => {
    const { id } = readable(context, args.channel);
    const seenNow = context.messages.inChannel(id).filter(context.messages.isSeen);
    const top = seenNow.filter((one) => !one.thread_ts || one.reply_broadcast);
    const found = page(top.filter(inRange(args)).reverse(), args.limit, args.cursor);
    return {
      messages: found.items.map((one) => seen(context, one, args.include_all_metadata)),
      has_more: found.next !== '',
      response_metadata: { next_cursor: found.next },
    };
  },
);

const replies = method(
  'conversations.replies',
  HISTORY,
  z.object({ channel, ts: z.string().min(1), limit: limit(1000, 1000), cursor, ...range }),
  (context, args) => {
    const { id } = readable(context, args.channel);
    const asked = context.messages.find(id, args.ts);
    if (!asked || asked.ephemeral_to) return refuse('thread_not_found');
    const [parent, ...rest] = context.messages.thread(id, asked.thread_ts ?? asked.ts);
    const found = page(
      [...(parent ? [parent] : []), ...rest.filter(context.messages.isSeen).filter(inRange(args))],
      args.limit,
      args.cursor,
    );
    return {
      messages: found.items.map((one) => seen(context, one, args.include_all_metadata)),
      has_more: found.next !== '',
      response_metadata: { next_cursor: found.next },
    };
  },
);

const TYPES = ['public_channel', 'private_channel', 'mpim', 'im'];

/** Where the bot is; a kind of channel needs the scope of its own. */
const mine = method(
  'users.conversations',
  READ,
  z.object({
    types: z
      .string()
      .default('public_channel')
      .transform((text) => text.split(',').map((one) => one.trim()))
      .refine((types) => types.every((type) => TYPES.includes(type)), 'invalid_types'),
    exclude_archived: flag,
    limit: limit(999, 100),
    cursor,
  }),
  (context, args) => {
    const wanted = (one: { is_im: boolean; is_private: boolean }) =>
      args.types.includes(one.is_im ? 'im' : one.is_private ? 'private_channel' : 'public_channel');
    const all = [...context.world.channels.values()]
      .filter((one) => one.members.includes(BOT_USER) && wanted(one))
      .filter((one) => !(args.exclude_archived && one.is_archived));
    const found = page(all, args.limit, args.cursor);
    return {
      channels: found.items.map(({ members: _, ...rest }) => rest),
      response_metadata: { next_cursor: found.next },
    };
  },
);

export const conversations = [info, members, history, replies, mine];
