import { z } from 'zod';
import { checkContent, fitsPost } from '../blocks/message.ts';
import { refuse } from '../refuse.ts';
import { method, writableChannel } from './define.ts';

const WRITE = ['files:write'];

const reserve = method(
  'files.getUploadURLExternal',
  WRITE,
  z.object({
    filename: z.string().min(1),
    length: z.coerce.number().int().min(1),
    alt_text: z.string().max(1000).optional(),
    snippet_type: z.string().optional(),
  }),
  (context, args) => {
    const file_id = context.files.reserve(args.filename, args.length);
    return { file_id, upload_url: `${context.base()}/upload/${file_id}` };
  },
);

const complete = method(
  'files.completeUploadExternal',
  WRITE,
  z.object({
    files: z
      .array(z.strictObject({ id: z.string().min(1), title: z.string().optional() }))
      .min(1)
      .max(10),
    channel_id: z.string().min(1).optional(),
    channels: z.string().min(1).optional(),
    thread_ts: z.string().optional(),
    initial_comment: z.string().optional(),
    blocks: z.unknown().optional(),
  }),
  (context, args, body) => {
    const id = args.channel_id ?? args.channels;
    const channel = id === undefined ? undefined : writableChannel(context, id);
    if (args.thread_ts && !(channel && context.messages.find(channel.id, args.thread_ts)))
      refuse('thread_not_found');
    const rules = { fits: fitsPost, blockTextLimit: context.settings.blockTextLimit, warn: () => {} };
    const said =
      args.initial_comment || args.blocks
        ? checkContent({ text: args.initial_comment, blocks: body.blocks }, rules)
        : undefined;
    for (const file of args.files) context.files.ready(file.id);

    const place = {
      ...(channel ? { channel: channel.id } : {}),
      ...(args.thread_ts ? { thread_ts: args.thread_ts } : {}),
    };
    const files = args.files.map((file) => context.files.complete(file.id, file.title, place));
    if (channel) {
      const content = said ?? { text: undefined, blocks: undefined, metadata: undefined };
      context.messages.post({
        channel: channel.id,
        content,
        by: 'files.completeUploadExternal',
        thread_ts: args.thread_ts,
        files,
      });
    }
    return { files: files.map(({ id: file, title }) => ({ id: file, title })) };
  },
);

export const files = [reserve, complete];
