import type { FileRef, Group, Message, User, View } from '../slack/types.ts';

/** What the server tells the page: everything that one person sees, whole, whenever some of it changes. */
export interface Scene {
  me: string;
  people: Pick<User, 'id' | 'name' | 'real_name' | 'is_bot' | 'is_restricted'>[];
  channels: { id: string; name: string; members: number }[];
  groups: Pick<Group, 'id' | 'handle' | 'name'>[];
  /** Of all channels this person is in, oldest first, with what only they see; `files` carry the beginning of their text. */
  messages: SeenMessage[];
  /** Modals that are open for this person, bottom first. */
  modals: View[];
  home: View | null;
}
export type SeenMessage = Omit<Message, 'files' | 'metadata'> & { files?: SeenFile[] };
export type SeenFile = FileRef & { preview: string | null };

/** What an engine itself says, or why it says nothing. */
export interface HostScene {
  host: string;
  engine: string | null;
  trouble: string | null;
  /** Bytes of all layers, as the engine's own `df` says; null until it has said so. */
  layers: number | null;
  /** The most they were while anybody could look. */
  most: number;
  containers: number;
  images: SeenImage[];
}
export interface SeenImage {
  id: string;
  tags: string[];
  size: number;
  created: number;
  usedBy: { name: string; running: boolean }[];
}
export interface HostsScene {
  kind: 'real' | 'simulated';
  hosts: HostScene[];
  /** Told of as hosts are: what has a tag there. */
  registries: HostScene[];
}

/** What a person does on the page. */
export type Deed =
  | { do: 'write'; channel: string; text: string; thread?: string }
  | {
      do: 'press';
      block: string;
      action: string;
      channel?: string;
      ts?: string;
      view?: string;
      choose?: Choice;
    }
  | { do: 'submit'; view: string; values: Record<string, Choice> }
  | { do: 'close'; view: string }
  | { do: 'home' };
export type Choice = string | string[];

/** How Slack's own client took it: nothing to say, an error as Slack shows it, or errors of a form's fields. */
export interface DeedResult {
  error?: string;
  fields?: Record<string, string>;
}
