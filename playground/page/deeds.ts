import { z } from 'zod';
import { elementsOf } from '../slack/blocks/walk.ts';
import type { Delivery, Json, Slack } from '../slack/index.ts';
import { sceneFor } from './scene.ts';
import type { Deed, DeedResult } from './shapes.ts';

const choice = z.union([z.string(), z.array(z.string())]);
export const deedSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('write'),
    channel: z.string(),
    text: z.string().max(12_000),
    thread: z.string().optional(),
  }),
  z.strictObject({
    do: z.literal('press'),
    block: z.string(),
    action: z.string(),
    channel: z.string().optional(),
    ts: z.string().optional(),
    view: z.string().optional(),
    choose: choice.optional(),
  }),
  z.strictObject({ do: z.literal('submit'), view: z.string(), values: z.record(z.string(), choice) }),
  z.strictObject({ do: z.literal('close'), view: z.string() }),
  z.strictObject({ do: z.literal('home') }),
]);

/** Does what a person did on the page, and says what Slack's client would have shown them for it. */
export async function perform(slack: Slack, me: string, deed: Deed): Promise<DeedResult> {
  switch (deed.do) {
    case 'write':
      return write(slack, me, deed);
    case 'press':
      return shown(await press(slack, me, deed));
    case 'submit': {
      const { error, errors } = await slack.submit({ user: me, view_id: deed.view, values: deed.values });
      return errors ? { fields: errors } : shown({ error });
    }
    case 'close':
      await slack.closeView(mine(slack, me, deed.view).id);
      return {};
    case 'home':
      // An event: nobody sees whether the app took it.
      void slack.openHome(me);
      return {};
  }
}

// --- internal ---

const shown = ({ error }: { error?: string | undefined }): DeedResult =>
  error === undefined ? {} : { error };

async function write(slack: Slack, me: string, deed: Extract<Deed, { do: 'write' }>): Promise<DeedResult> {
  const { channel, thread } = deed;
  const text = deed.text.trim();
  const [, command, rest = ''] = /^(\/\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  if (command === undefined) {
    if (text !== '')
      slack.say({ user: me, channel, text: composed(slack, text), ...(thread && { thread_ts: thread }) });
    return {};
  }
  // The words are Slack's own.
  if (command !== '/dimg') return { error: `${command} is not a valid command.` };
  if (thread) return { error: `${command} is not supported in threads. Sorry!` };
  const { error } = await slack.command({ user: me, channel, command, text: rest, linkify: true });
  return error === undefined ? {} : { error: `${command} failed with the error "${error}"` };
}

async function press(slack: Slack, me: string, deed: Extract<Deed, { do: 'press' }>): Promise<Delivery> {
  const { action, block, channel, ts, view, choose } = deed;
  const surface =
    view === undefined
      ? sceneFor(slack, me).messages.find((one) => one.channel === channel && one.ts === ts)
      : mine(slack, me, view);
  const same = elementsOf(surface?.blocks ?? []).filter(({ element }) => element.action_id === action);
  const meant = same.find((one) => one.block.block_id === block);
  if (!meant) throw new Error('This button is not there any more.');
  const where = view === undefined ? { channel: channel ?? '', ts: ts ?? '' } : { view_id: view };
  // An action_id need only be unique in its block: a list may have the same button in every row.
  const which =
    same.length > 1 && choose === undefined ? { raw: raw(block, meant.element) } : { action_id: action };
  return slack.press({ user: me, ...where, ...which, ...(choose !== undefined && { choose }) });
}

function raw(block: string, { confirm: _confirm, url: _url, ...element }: Json): Json {
  return { ...element, block_id: block };
}

function mine(slack: Slack, me: string, id: string) {
  const view = slack.views().find((one) => one.id === id && one.user === me);
  if (!view) throw new Error('This window is not open any more.');
  return view;
}

/** What Slack's composer makes of typed text: entities, and names become mentions. */
function composed(slack: Slack, text: string): string {
  const ids = new Map([...slack.world.users.values()].map(({ id, name }) => [name, id]));
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/(?<!\S)@([\w-]+)/g, (all, name: string) => (ids.has(name) ? `<@${ids.get(name)}>` : all));
}
