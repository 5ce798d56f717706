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

export type Fault = {
  /** A Web API method, `response_url`, `upload`, `hello` (with `hang`), or `*` for every Web API method. */
  readonly method: string;
  readonly kind: FaultKind;
  /** How often; 1 unless told. */
  readonly times?: number;
  /** `error`: what Slack says; `internal_error` unless told. */
  readonly error?: string;
  /** `http`: the status; 503 unless told. */
  readonly status?: number;
  /** `ratelimited`: seconds; 1 unless told. */
  readonly retryAfter?: number;
  /** Milliseconds. `late`: until it is carried out, 12 s unless told; `…-after`: until the history shows what it did, 0 unless told. */
  readonly ms?: number;
  /** Only calls whose body satisfies this. */
  readonly match?: (body: Json) => boolean;
};

export type FaultHandle = { readonly left: () => number; readonly stop: () => void };

export type Options = {
  readonly port?: number;
  /** Bind address; 127.0.0.1 unless told. */
  readonly host?: string;
  /** Where the app is told to open its sockets, as `host:port`; at the stand-in itself unless told. */
  readonly socketHost?: string;
  readonly botToken?: string;
  readonly appToken?: string;
  readonly scopes?: readonly string[];
  /** Off unless told. A record overrides single methods (calls a minute). */
  readonly rateLimits?: boolean | Readonly<Record<string, number>>;
  /** `free` makes every usergroups.* call answer `plan_upgrade_required`. */
  readonly plan?: 'free' | 'paid';
  /** The command's `should_escape`; true unless told. */
  readonly shouldEscape?: boolean;
  /** Milliseconds for an acknowledgement; Slack's 3000 unless told. */
  readonly ackTimeout?: number;
  /** When an unacknowledged event is delivered again; Slack's [0, 60_000, 300_000] unless told. */
  readonly eventRetries?: readonly number[];
  /** Cumulative characters of a message's blocks; 12 000 unless told (bolt-js#2509, #2867: undocumented). */
  readonly blockTextLimit?: number;
  /** Another clock than the machine's. */
  readonly time?: { now(): number; sleep(ms: number): Promise<void> };
  /** Where to send requests instead of sockets: Bolt's HTTP mode, signed with the secret. */
  readonly requestUrl?: { readonly url: string; readonly signingSecret: string };
};

export type Delivery = {
  /** Milliseconds until the first acknowledgement; absent when there was none in time. */
  readonly ackMs?: number;
  readonly ackPayload?: Json;
  /** What the person sees instead: `operation_timeout`, `dispatch_failed`, … */
  readonly error?: string;
  readonly envelopeId: string;
  readonly payload: Json;
};

export type CommandResult = Delivery & {
  /** The message that the acknowledgement carried. */ readonly message?: Message;
};

export type Repeat = {
  /** Deliver the same envelope that often. */
  readonly times?: number;
  /** Milliseconds between these deliveries; 0 unless told. */
  readonly gapMs?: number;
  /** Each of them in an envelope of its own, as Slack has been seen to do. */
  readonly renamed?: boolean;
};

export type CommandInput = Repeat & {
  readonly user: string;
  readonly channel: string;
  readonly text: string;
  readonly command?: string;
  /** Overrides the option of `startSlack`. */
  readonly shouldEscape?: boolean;
  /** Slack's composer turns `ghcr.io/app` into `<http://ghcr.io/app|ghcr.io/app>`. Off unless told. */
  readonly linkify?: boolean;
};

export type PressInput = Repeat & {
  readonly user: string;
  /** Of a message (or `view_id`). */
  readonly channel?: string;
  readonly ts?: string;
  readonly view_id?: string;
  readonly action_id?: string;
  /** The beginning of the button's text. */
  readonly label?: string;
  /** For a select, overflow, checkboxes, datepicker …: the value(s) chosen. */
  readonly choose?: string | readonly string[];
  /** An older version (what a client may still show) or a forged message, sent instead of the current one. */
  readonly messageOverride?: Message;
  /** A forged `value`. */
  readonly valueOverride?: string;
  /** Send this action although the message does not carry it. */
  readonly raw?: Json;
};

export type SubmitInput = Repeat & {
  readonly user: string;
  readonly view_id: string;
  /** By block_id or action_id: the text typed, the option's value chosen (an array for multi-selects). */
  readonly values?: Readonly<Record<string, string | readonly string[]>>;
};

export type SubmitResult = Delivery & {
  /** Field errors: Slack's client's own, or the app's. By block_id. */ readonly errors?: Record<
    string,
    string
  >;
};

export type DisconnectReason = 'warning' | 'refresh_requested' | 'link_disabled' | 'too_many_websockets';
