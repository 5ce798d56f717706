import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  type WebClient,
} from '@slack/web-api';
import type { Loop, Process } from './_loop.ts';

export interface Message {
  channel: string;
  ts: string;
  bot_id: string;
  thread_ts?: string;
  text: string;
  blocks: readonly unknown[];
  metadata?: { event_type: string; event_payload: Record<string, string | number> };
  /** When it was posted, and last changed. */
  at: number;
  edited: number;
}

/** How a call fares: it works; it is refused for now; or no answer comes, with its effect before that, after it, or never. */
export type SlackFault = '429' | '500' | 'lost' | 'dropped' | 'delayed' | 'outage';
export const SLACK_FAULTS: readonly SlackFault[] = ['429', '500', 'lost', 'dropped', 'delayed', 'outage'];

export type SimSlack = ReturnType<typeof openSimSlack>;

const TIMEOUT_MS = 10_000;
export const BOT_ID = 'B1';

/** Slack: channels with messages, members, groups, and trouble by the schedule. */
export function openSimSlack(loop: Loop, heard: (message: Message, posted: boolean) => void) {
  const messages: Message[] = [];
  const byTs = new Map<string, Message>();
  const groups = new Map<string, Set<string>>();
  const guests = new Set<string>();
  const state = { fault: (): SlackFault | null => null, calls: 0 };
  let posted = 0;

  function post(given: Omit<Message, 'ts' | 'bot_id' | 'at' | 'edited'>): Message {
    const ts = `${(loop.state.now / 1000).toFixed(3)}${String(++posted).padStart(3, '0')}`;
    const { channel, text, blocks, thread_ts, metadata } = given;
    const message: Message = {
      ...{ channel, text, blocks, ts, bot_id: BOT_ID, at: loop.state.now, edited: loop.state.now },
      ...(thread_ts !== undefined && { thread_ts }),
      ...(metadata && { metadata }),
    };
    messages.push(message);
    byTs.set(ts, message);
    loop.say(() => `Slack: ${thread_ts ? 'in the thread' : 'posted'}: ${text}`);
    heard(message, true);
    return message;
  }

  function update(given: {
    channel: string;
    ts: string;
    text: string;
    blocks: readonly unknown[];
    metadata?: Message['metadata'];
  }) {
    const message = byTs.get(given.ts);
    if (!message) throw new WebAPIPlatformError({ ok: false, error: 'message_not_found' });
    message.text = given.text;
    message.blocks = given.blocks;
    if (given.metadata) message.metadata = given.metadata;
    message.edited = loop.state.now;
    loop.say(() => `Slack: edited: ${given.text}`);
    heard(message, false);
    return message;
  }

  /** One call of a process, with the trouble that the schedule has for it. */
  function call<T>(process: Process, label: string, effect: () => T): Promise<T> {
    state.calls++;
    const fault = state.fault();
    const silent = new WebAPIRequestError(Object.assign(new Error('timeout'), { name: 'TimeoutError' }));
    if (fault === null) return loop.call(process, label, loop.latency(120), effect);
    const told = `${label} (${fault})`;
    const fail = (ms: number, error: Error): Promise<T> =>
      loop.call(process, told, ms, () => {
        throw error;
      });
    switch (fault) {
      case '429':
        return fail(loop.latency(50), new WebAPIRateLimitedError(1 + loop.random.below(5)));
      case '500':
        if (loop.random.chance(0.3)) later(process, 20, effect);
        return fail(30 + loop.random.below(300), new WebAPIHTTPError(500, 'Internal Server Error', {}));
      case 'outage':
        return fail(
          loop.latency(10),
          new WebAPIRequestError(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })),
        );
      case 'dropped':
        return fail(TIMEOUT_MS, silent);
      case 'lost':
        later(process, loop.latency(120), effect);
        return fail(TIMEOUT_MS, silent);
      case 'delayed':
        later(process, TIMEOUT_MS + loop.random.below(1_500), effect);
        return fail(TIMEOUT_MS, silent);
    }
  }

  /** What is under way has its effect also if its sender dies: soon then. */
  function later(process: Process, ms: number, effect: () => unknown): void {
    let done = false;
    const once = () => {
      if (done) return;
      done = true;
      process.died.delete(soon);
      try {
        effect();
      } catch {
        // Nobody hears the answer.
      }
    };
    const soon = () => void loop.at(loop.state.now + loop.random.below(1_500), null, '', once);
    loop.at(loop.state.now + ms, null, '', once);
    process.died.add(soon);
  }

  function clientOf(process: Process): WebClient {
    const on =
      <A, R>(label: string, effect: (given: A) => R) =>
      (given: A) =>
        call(process, label, () => effect(given));
    return {
      chat: {
        postMessage: on('chat.postMessage', (given: Omit<Message, 'ts' | 'bot_id' | 'at' | 'edited'>) => {
          const { ts, channel } = post(given);
          return { ok: true, ts, channel };
        }),
        update: on('chat.update', (given: Parameters<typeof update>[0]) => {
          update(given);
          return { ok: true };
        }),
        delete: on('chat.delete', ({ ts }: { ts: string }) => {
          const at = messages.findIndex((one) => one.ts === ts);
          if (at >= 0) messages.splice(at, 1);
          byTs.delete(ts);
          return { ok: true };
        }),
      },
      conversations: {
        history: on('conversations.history', ({ channel, ...span }: Span) => ({
          ok: true,
          messages: messages
            .filter((one) => one.channel === channel && one.thread_ts === undefined && isIn(one, span))
            .reverse(),
        })),
        replies: on('conversations.replies', ({ channel, ts, ...span }: Span & { ts: string }) => ({
          ok: true,
          messages: messages.filter(
            (one) => one.channel === channel && (one.ts === ts || (one.thread_ts === ts && isIn(one, span))),
          ),
        })),
      },
      users: {
        conversations: on('users.conversations', () => ({
          ok: true,
          channels: [...new Set(messages.map(({ channel }) => ({ id: channel })))],
        })),
        info: on('users.info', ({ user }: { user: string }) => ({
          ok: true,
          user: { id: user, team_id: 'T1', is_restricted: guests.has(user) },
        })),
      },
      usergroups: {
        users: {
          conversations: on('users.conversations', () => ({
            ok: true,
            channels: [...new Set(messages.map(({ channel }) => ({ id: channel })))],
          })),
          list: on('usergroups.users.list', ({ usergroup }: { usergroup: string }) => ({
            ok: true,
            users: [...(groups.get(usergroup) ?? [])],
          })),
        },
      },
      views: { open: on('views.open', () => ({ ok: true })) },
    } as unknown as WebClient;
  }

  return { messages, byTs, groups, guests, state, clientOf };
}
interface Span {
  channel: string;
  oldest?: string;
  latest?: string;
}

const isIn = ({ ts }: Message, { oldest = '0', latest = 'Infinity' }: Partial<Span>) =>
  Number(ts) >= Number(oldest) && Number(ts) <= Number(latest);
