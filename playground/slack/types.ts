/** Anything that came as JSON. */
export type Json = Record<string, unknown>;

export type Block = { readonly type: string; readonly block_id?: string; readonly [key: string]: unknown };

export type User = {
  readonly id: string;
  readonly name: string;
  readonly real_name: string;
  readonly team_id: string;
  readonly deleted: boolean;
  readonly is_bot: boolean;
  /** Multi-channel guest. Slack sets it for single-channel guests as well. */
  readonly is_restricted: boolean;
  /** Single-channel guest. */
  readonly is_ultra_restricted: boolean;
  readonly is_admin: boolean;
  readonly tz: string;
};

export type Channel = {
  readonly id: string;
  readonly name: string;
  readonly is_private: boolean;
  readonly is_archived: boolean;
  readonly is_im: boolean;
  readonly members: readonly string[];
};

export type Group = {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly users: readonly string[];
  readonly disabled: boolean;
};

export type Team = { readonly id: string; readonly name: string; readonly domain: string };

export type Metadata = { readonly event_type: string; readonly event_payload: Json };

export type SlackFile = {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly size: number;
  readonly content: Buffer;
  readonly channel?: string;
  readonly thread_ts?: string;
};

export type FileRef = Pick<SlackFile, 'id' | 'name' | 'title' | 'size'>;

/** One version of a message. A change makes a new object, so what a test holds never changes under it. */
export type Message = {
  readonly channel: string;
  readonly ts: string;
  readonly user: string;
  readonly bot_id?: string;
  readonly text: string;
  readonly blocks?: readonly Block[];
  readonly metadata?: Metadata;
  readonly thread_ts?: string;
  readonly edited?: { readonly user: string; readonly ts: string };
  readonly files?: readonly FileRef[];
  /** Who alone sees it; absent when everybody in the channel does. */
  readonly ephemeral_to?: string;
  readonly unfurl_links?: boolean;
  readonly unfurl_media?: boolean;
  readonly reply_broadcast?: boolean;
};

export type View = {
  readonly id: string;
  readonly type: 'modal' | 'home';
  readonly user: string;
  readonly hash: string;
  readonly root_view_id: string;
  readonly previous_view_id?: string;
  readonly title?: Json;
  readonly submit?: Json;
  readonly close?: Json;
  readonly blocks: readonly Block[];
  readonly private_metadata: string;
  readonly callback_id: string;
  readonly external_id: string;
  readonly clear_on_close: boolean;
  readonly notify_on_close: boolean;
  /** What the app answered to a submission with `response_action: errors`, by block_id. */
  readonly errors?: Record<string, string>;
};

export type MessageChange = 'posted' | 'updated' | 'deleted';
export type ViewChange = 'opened' | 'pushed' | 'updated' | 'published' | 'closed';

/** One line of the complete, append-only record. `at` is milliseconds since 1970. */
export type Entry = { readonly at: number } & (
  | {
      readonly kind: 'call';
      readonly method: string;
      readonly body: Json;
      readonly status: number;
      readonly answer?: Json;
      /** The fault that was injected into this call. */
      readonly fault?: FaultKind;
    }
  | {
      readonly kind: 'message';
      readonly change: MessageChange;
      /** The method (or `ack`, `response_url`, `person`) that made this version. */
      readonly by: string;
      /** The state after the change; for a deletion, the last state. */
      readonly message: Message;
    }
  | { readonly kind: 'view'; readonly change: ViewChange; readonly view: View }
  | { readonly kind: 'file'; readonly file: SlackFile }
  | {
      readonly kind: 'envelope';
      readonly id: string;
      readonly type: string;
      readonly attempt: number;
      readonly connection: string;
      readonly payload: Json;
    }
  | {
      readonly kind: 'ack';
      readonly id: string;
      readonly ms: number;
      readonly first: boolean;
      readonly late: boolean;
      readonly payload: Json;
    }
  | { readonly kind: 'user-error'; readonly user: string; readonly error: string; readonly what: string }
  | {
      readonly kind: 'connection';
      readonly change: 'opened' | 'closed';
      readonly connection: string;
      readonly open: number;
    }
);

export type NewEntry = Entry extends infer E ? (E extends Entry ? Omit<E, 'at'> : never) : never;

/** A call that Slack would refuse, other than by an injected fault or a rate limit. */
export type Rejected = {
  readonly at: number;
  readonly method: string;
  readonly error: string;
  readonly detail: readonly string[];
  readonly body: Json;
};

/** Something Slack accepts but advises against: no `text` beside blocks, an unknown argument, … */
export type Warning = {
  readonly at: number;
  readonly method: string;
  readonly warning: string;
  readonly body: Json;
};

export type FaultKind =
  | 'error'
  | 'http'
  | 'ratelimited'
  | 'hang'
  | 'drop'
  /** Carried out; then the connection goes, or the status of an error comes. */
  | 'drop-after'
  | 'http-after'
  /** Carried out so late that nobody waits for the answer any more. */
  | 'late'
  /** What is met by every request while Slack is away. */
  | 'outage';
