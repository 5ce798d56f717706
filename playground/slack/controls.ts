import type { FaultKind, Json, Message } from './types.ts';

// How a test steers the stand-in: its options, faults, and what people do.

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
