import { elementsOf, type Placed } from '../blocks/walk.ts';
import type { Context } from '../context.ts';
import type { Delivery, PressInput, Repeat } from '../controls.ts';
import type { Dispatch } from '../dispatch.ts';
import { wireMessage } from '../messages.ts';
import type { Block, Json, Message, View } from '../types.ts';
import { wireView } from '../views.ts';
import { interaction, person, place } from './payloads.ts';
import { stateOf, stateValues, stillOffered } from './values.ts';

type Surface = { readonly blocks: readonly Block[]; readonly fields: Json; readonly key: string };
type Choices = Map<string, Record<string, string | readonly string[]>>;
export type Press = (input: PressInput) => Promise<Delivery>;

/** Somebody presses a button, or chooses in a menu, on a message, a modal or the Home tab. */
export function createPress(context: Context, dispatch: Dispatch): Press {
  // What people chose stays in the client, and every later press on the same surface reports it.
  const choices: Choices = new Map();

  return async (input) => {
    const surface = input.view_id ? viewSurface(context, input.view_id) : messageSurface(context, input);
    const found = input.raw ? undefined : pick(surface.blocks, input);
    const user = person(context, input.user);
    const key = `${user.id} ${surface.key}`;
    const earlier = stillOffered(surface.blocks, choices.get(key) ?? {});
    const now =
      found && input.choose !== undefined ? { [String(found.element.action_id)]: input.choose } : {};
    const chosen = { ...earlier, ...now };
    const values = stateValues(surface.blocks, chosen);
    choices.set(key, chosen);

    const { view, ...fields } = surface.fields as { view?: View };
    const payload = {
      type: 'block_actions',
      ...interaction(context, user),
      ...fields,
      ...(view ? { view: wireView(view, values) } : { state: { values } }),
      actions: [{ ...(found ? action(found, input) : input.raw), action_ts: context.clock.ts() }],
    };
    const what = `press ${input.label ?? input.action_id ?? 'raw'}`;
    return dispatch.deliver('interactive', payload, { user: user.id, what }, input);
  };
}

/** Sends an interactive payload as it is. */
export function pressRaw(dispatch: Dispatch, payload: Json, repeat?: Repeat): Promise<Delivery> {
  const { id = '' } = (payload.user ?? {}) as { id?: string };
  return dispatch.deliver('interactive', payload, { user: id, what: 'press raw' }, repeat);
}

function viewSurface(context: Context, id: string): Surface {
  const view = context.views.get(id);
  if (!view) throw new Error(`no view ${id} is open`);
  return { blocks: view.blocks, fields: { container: { type: 'view', view_id: id }, view }, key: id };
}

function messageSurface(context: Context, input: PressInput): Surface {
  const { channel: channelId = '', ts = '' } = input;
  const channel = place(context, channelId);
  const message = input.messageOverride ?? context.messages.find(channelId, ts);
  if (!message && !input.raw) throw new Error(`no message ${ts} in ${channel.name}`);
  if (!input.raw) checkSees(context, input.user, message, channel.members);
  const ephemeral = message?.ephemeral_to !== undefined;
  const to = { user: input.user, channel: channelId, source: { ts, ephemeral } };
  return {
    blocks: message?.blocks ?? [],
    key: `${channelId} ${ts}`,
    fields: {
      container: {
        type: 'message',
        message_ts: ts,
        channel_id: channelId,
        is_ephemeral: ephemeral,
        ...(message?.thread_ts ? { thread_ts: message.thread_ts } : {}),
      },
      channel: { id: channelId, name: channel.is_im ? 'directmessage' : channel.name },
      // Slack leaves ephemeral messages out of the payload.
      ...(message && !ephemeral ? { message: wireMessage(message) } : {}),
      response_url: context.grants.responseUrl(to),
    },
  };
}

function checkSees(
  context: Context,
  userId: string,
  message: Message | undefined,
  members: readonly string[],
) {
  const { name, deleted } = person(context, userId);
  if (deleted) throw new Error(`${name} is deactivated`);
  if (!members.includes(userId)) throw new Error(`${name} is not in the channel`);
  if (message?.ephemeral_to && message.ephemeral_to !== userId)
    throw new Error(`${name} does not see this message`);
}

function labelOf(element: Json): string {
  const text = (element.text ?? element.placeholder) as { text?: string } | undefined;
  return text?.text ?? '';
}

function pick(blocks: readonly Block[], { action_id, label }: PressInput): Placed {
  const all = elementsOf(blocks);
  const found = all.find(({ element }) =>
    action_id === undefined
      ? label !== undefined && labelOf(element).startsWith(label)
      : element.action_id === action_id,
  );
  if (found) return found;
  const shown =
    all.map(({ element }) => `[${labelOf(element) || String(element.action_id)}]`).join(' ') || 'none';
  throw new Error(`no button ${label ?? action_id ?? ''}; there is: ${shown}`);
}

function action({ block, element }: Placed, input: PressInput): Json {
  const { type, action_id, text } = element;
  const base = { type, action_id, block_id: block.block_id };
  if (type !== 'button') return { ...base, ...stateOf(element, input.choose) };
  const value = input.valueOverride ?? element.value;
  const style = element.style;
  return { ...base, text, ...(value === undefined ? {} : { value }), ...(style ? { style } : {}) };
}
