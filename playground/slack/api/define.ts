import type { z } from 'zod';
import { slackIssues } from '../blocks/issues.ts';
import type { Context } from '../context.ts';
import { refuse } from '../refuse.ts';
import type { Channel, Json } from '../types.ts';
import { BOT_USER } from '../world.ts';

export type Method = {
  /** The scope it needs; several mean any of them. */
  readonly scopes: readonly string[];
  readonly token: 'bot' | 'app';
  readonly call: (context: Context, body: Json) => Json;
};

/** A Web API method: its arguments checked, unknown ones noted (Slack ignores them). */
export function method<S extends z.ZodObject>(
  name: string,
  scopes: readonly string[],
  schema: S,
  call: (context: Context, args: z.infer<S>, body: Json) => Json,
  token: 'bot' | 'app' = 'bot',
): readonly [string, Method] {
  const known = new Set([...Object.keys(schema.shape), 'token', 'team_id']);
  const run = (context: Context, body: Json) => {
    for (const key of Object.keys(body).filter((one) => !known.has(one))) {
      context.record.warn(name, `superfluous_argument: ${key}`, body);
    }
    const args = schema.safeParse(body);
    if (!args.success) return refuse('invalid_arguments', slackIssues(args.error, body, ''));
    return call(context, args.data, body);
  };
  return [name, { scopes, token, call: run }];
}

/** A channel that the bot can see: a private one that it is not in does not exist for it. */
export function visibleChannel({ world }: Context, id: string): Channel {
  const channel =
    world.users.has(id) && !world.users.get(id)?.deleted ? world.dm(id) : world.channels.get(id);
  if (!channel || (channel.is_private && !channel.members.includes(BOT_USER)))
    return refuse('channel_not_found');
  return channel;
}

/** A channel that the bot may write to. */
export function writableChannel(context: Context, id: string): Channel {
  const channel = visibleChannel(context, id);
  if (channel.is_archived) refuse('is_archived');
  if (!channel.members.includes(BOT_USER)) refuse('not_in_channel');
  return channel;
}

/** One page of a list, and the cursor of the next. */
export function page<T>(
  items: readonly T[],
  limit: number,
  cursor: string | undefined,
): { items: T[]; next: string } {
  const start = cursor ? Number(Buffer.from(cursor, 'base64').toString()) : 0;
  if (!Number.isSafeInteger(start) || start < 0) return refuse('invalid_cursor');
  const end = start + limit;
  const next = end < items.length ? Buffer.from(String(end)).toString('base64') : '';
  return { items: items.slice(start, end), next };
}
