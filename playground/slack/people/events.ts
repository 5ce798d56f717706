import type { Context } from '../context.ts';
import type { Delivery, Repeat } from '../controls.ts';
import type { Dispatch } from '../dispatch.ts';
import type { Json, Message } from '../types.ts';
import { wireView } from '../views.ts';
import { eventCallback, person, place } from './payloads.ts';

export type SayInput = {
  readonly user: string;
  readonly channel: string;
  readonly text: string;
  readonly thread_ts?: string;
};

/** Delivers any event that the app may have subscribed to. */
export function sendEvent(
  context: Context,
  dispatch: Dispatch,
  event: Json,
  repeat?: Repeat,
): Promise<Delivery> {
  const payload = eventCallback(context, { event_ts: context.clock.ts(), ...event });
  const who = { user: String(event.user ?? ''), what: `event ${String(event.type)}` };
  return dispatch.deliver('events_api', payload, who, repeat);
}

/** Somebody opens the app's Home tab. */
export function openHome(
  context: Context,
  dispatch: Dispatch,
  userId: string,
  repeat?: Repeat,
): Promise<Delivery> {
  const user = person(context, userId);
  const shown = context.views.home(user.id);
  const view = shown ? { view: wireView(shown) } : {};
  const channel = context.world.dm(user.id).id;
  return sendEvent(
    context,
    dispatch,
    { type: 'app_home_opened', user: user.id, channel, tab: 'home', ...view },
    repeat,
  );
}

/** Somebody writes an ordinary message. The app is not told: it does not subscribe to messages. */
export function say(context: Context, input: SayInput): Message {
  const user = person(context, input.user);
  const channel = place(context, input.channel);
  if (!channel.members.includes(user.id)) throw new Error(`${user.name} is not in ${channel.name}`);
  const content = { text: input.text, blocks: undefined, metadata: undefined };
  return context.messages.post({
    channel: channel.id,
    content,
    by: 'person',
    user: user.id,
    thread_ts: input.thread_ts,
  });
}
