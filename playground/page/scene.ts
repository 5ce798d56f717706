import type { Message, Slack } from '../slack/index.ts';
import type { Scene, SeenFile, SeenMessage } from './shapes.ts';

/** Older messages stay in the stand-in; a page that draws thousands of them helps nobody. */
const MOST = 400;
const PREVIEW = 1200;

/** What one person sees. What is private to others never leaves the server. */
export function sceneFor(slack: Slack, me: string): Scene {
  const { users, channels, groups } = slack.world;
  const mine = [...channels.values()].filter(({ members, is_im }) => !is_im && members.includes(me));
  const seen = [...slack.messages(), ...slack.ephemerals(me)]
    .filter(({ channel }) => mine.some(({ id }) => id === channel))
    .sort((a, b) => Number(a.ts) - Number(b.ts));
  const views = slack.views().filter(({ user }) => user === me);
  return {
    me,
    people: [...users.values()].map(({ id, name, real_name, is_bot, is_restricted }) => ({
      id,
      name,
      real_name,
      is_bot,
      is_restricted,
    })),
    channels: mine.map(({ id, name, members }) => ({ id, name, members: members.length })),
    groups: [...groups.values()].map(({ id, handle, name }) => ({ id, handle, name })),
    messages: seen.slice(-MOST).map((message) => seenMessage(slack, message)),
    modals: views.filter(({ type }) => type === 'modal'),
    home: slack.home(me) ?? null,
  };
}

/** A file that this person sees in some message, or undefined. */
export function fileFor(slack: Slack, me: string, id: string) {
  const shown = sceneFor(slack, me).messages.some(({ files }) => files?.some((file) => file.id === id));
  return shown ? slack.files().find((file) => file.id === id) : undefined;
}

// --- internal ---

function seenMessage(slack: Slack, { files, metadata: _metadata, ...message }: Message): SeenMessage {
  return files
    ? { ...message, files: files.map((file) => ({ ...file, preview: preview(slack, file.id) })) }
    : message;
}

function preview(slack: Slack, id: string): SeenFile['preview'] {
  const content = slack.files().find((file) => file.id === id)?.content;
  if (!content || content.includes(0)) return null;
  const text = content.subarray(0, PREVIEW).toString();
  return text.length < content.length ? text.slice(0, text.lastIndexOf('\n') + 1) || text : text;
}
