import type { Context } from '../context.ts';
import type { CommandInput, CommandResult } from '../controls.ts';
import type { Dispatch } from '../dispatch.ts';
import { Refusal } from '../refuse.ts';
import { applyReply } from '../reply.ts';
import type { Json } from '../types.ts';
import { compose } from './compose.ts';
import { person, place, slashCommand } from './payloads.ts';

/** Somebody types a slash command into a channel's composer (never into a thread: Slack has none there). */
export async function command(
  context: Context,
  dispatch: Dispatch,
  input: CommandInput,
): Promise<CommandResult> {
  const user = person(context, input.user);
  const channel = place(context, input.channel);
  if (user.deleted) throw new Error(`${user.name} is deactivated`);
  if (!channel.members.includes(user.id)) throw new Error(`${user.name} is not in ${channel.name}`);
  if (channel.is_archived) throw new Error(`${channel.name} is archived`);

  const name = input.command ?? '/dimg';
  const text = compose(context.world, input.text, {
    shouldEscape: input.shouldEscape ?? context.settings.shouldEscape,
    linkify: input.linkify ?? false,
  });
  const to = { user: user.id, channel: channel.id, source: undefined };
  const payload = slashCommand(context, user, channel, name, text.trim(), context.grants.responseUrl(to));
  const who = { user: user.id, what: `${name} ${input.text}` };
  const delivery = await dispatch.deliver('slash_commands', payload, who, input);
  const answer = delivery.ackPayload;
  if (!answer || Object.keys(answer).length === 0) return delivery;
  try {
    const message = applyReply(context, to, answer, 'ack');
    return message ? { ...delivery, message } : delivery;
  } catch (error) {
    return { ...delivery, error: badAck(context, error, answer, who) };
  }
}

/** An acknowledgement that Slack can't use: the person sees an error, the app sees nothing. */
export function badAck(
  context: Context,
  error: unknown,
  payload: Json,
  who: { user: string; what: string },
): string {
  if (!(error instanceof Refusal)) throw error;
  context.record.reject('ack', error, payload);
  context.record.add({ kind: 'user-error', ...who, error: error.error });
  return error.error;
}
