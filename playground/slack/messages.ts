import type { Content } from './blocks/message.ts';
import { withIds } from './blocks/walk.ts';
import type { Clock } from './clock.ts';
import type { RecordKeeper } from './record.ts';
import type { FileRef, Message } from './types.ts';
import { BOT_ID, BOT_USER } from './world.ts';

export type Draft = {
  readonly channel: string;
  readonly content: Content;
  readonly by: string;
  readonly user?: string;
  readonly thread_ts?: string | undefined;
  readonly ephemeral_to?: string | undefined;
  readonly files?: readonly FileRef[];
  readonly flags?: Pick<Message, 'unfurl_links' | 'unfurl_media' | 'reply_broadcast'>;
};

export type Messages = {
  readonly post: (draft: Draft) => Message;
  readonly update: (message: Message, content: Content, by: string) => Message;
  /** What is posted by this work is not in the history before so many milliseconds are over. */
  readonly unseen: <T>(ms: number, work: () => T) => T;
  /** Whether the history shows it. */
  readonly isSeen: (message: Message) => boolean;
  readonly remove: (message: Message, by: string) => void;
  readonly find: (channel: string, ts: string) => Message | undefined;
  /** What everybody in the channel sees, oldest first; `undefined` for all channels. */
  readonly inChannel: (channel?: string) => Message[];
  readonly thread: (channel: string, ts: string) => Message[];
  readonly ephemerals: (user?: string, channel?: string) => Message[];
};

/** The current messages. Every version of each goes to the record. */
export function createMessages(clock: Clock, record: RecordKeeper): Messages {
  const current = new Map<string, Message>();
  const seenAt = new Map<string, number>();
  let lagMs = 0;
  let named = 0;
  const fresh = () => `gen${(++named).toString(36)}`;
  const key = (channel: string, ts: string) => `${channel} ${ts}`;
  const all = () => [...current.values()];

  const put = (message: Message, change: 'posted' | 'updated', by: string) => {
    current.set(key(message.channel, message.ts), message);
    record.add({ kind: 'message', change, by, message });
    return message;
  };

  return {
    post: ({ channel, content, by, user = BOT_USER, thread_ts, ephemeral_to, files, flags = {} }) => {
      const message: Message = {
        channel,
        ts: clock.ts(),
        user,
        ...(user === BOT_USER ? { bot_id: BOT_ID } : {}),
        text: content.text ?? '',
        ...(content.blocks?.length ? { blocks: withIds(content.blocks, fresh) } : {}),
        ...(content.metadata?.event_type ? { metadata: content.metadata } : {}),
        ...(thread_ts ? { thread_ts } : {}),
        ...(ephemeral_to ? { ephemeral_to } : {}),
        ...(files ? { files } : {}),
        ...flags,
      };
      if (lagMs > 0) seenAt.set(key(channel, message.ts), clock.now() + lagMs);
      return put(message, 'posted', by);
    },
    unseen: (ms, work) => {
      lagMs = ms;
      try {
        return work();
      } finally {
        lagMs = 0;
      }
    },
    isSeen: ({ channel, ts }) => (seenAt.get(key(channel, ts)) ?? 0) <= clock.now(),
    update: (old, content, by) => {
      const { blocks: oldBlocks, metadata: oldMetadata, ...rest } = old;
      // What an update leaves out, stays: chat.update says so for blocks and for metadata.
      const blocks = content.blocks ? withIds(content.blocks, fresh) : oldBlocks;
      const metadata = content.metadata ?? oldMetadata;
      const message: Message = {
        ...rest,
        text: content.text ?? (content.blocks ? '' : old.text),
        ...(blocks?.length ? { blocks } : {}),
        ...(metadata?.event_type ? { metadata } : {}),
        edited: { user: old.user, ts: clock.ts() },
      };
      return put(message, 'updated', by);
    },
    remove: (message, by) => {
      current.delete(key(message.channel, message.ts));
      record.add({ kind: 'message', change: 'deleted', by, message });
    },
    find: (channel, ts) => current.get(key(channel, ts)),
    inChannel: (channel) => all().filter((one) => !one.ephemeral_to && (!channel || one.channel === channel)),
    thread: (channel, ts) =>
      all().filter(
        (one) => one.channel === channel && !one.ephemeral_to && (one.ts === ts || one.thread_ts === ts),
      ),
    ephemerals: (user, channel) =>
      all().filter(
        (one) =>
          one.ephemeral_to && (!user || one.ephemeral_to === user) && (!channel || one.channel === channel),
      ),
  };
}

/** A message as Slack's payloads and answers carry it. */
export function wireMessage(message: Message): Record<string, unknown> {
  const {
    channel: _channel,
    ephemeral_to: _to,
    unfurl_links: _links,
    unfurl_media: _media,
    ...rest
  } = message;
  return { type: 'message', ...(message.bot_id ? { app_id: 'A0DIMG' } : {}), team: 'T0TEAM', ...rest };
}
