import { App, LogLevel, SocketModeReceiver } from '@slack/bolt';
import type { WebClientOptions } from '@slack/web-api';
import { UserError } from '../domain/error.ts';
import { RunId, UserId } from '../domain/ids.ts';
import type { Markup } from '../domain/markup.ts';
import type { Answer, Log, Person, Reply, Voice } from '../ports.ts';
import { privately } from './answers.ts';
import type { Time } from './backoff.ts';
import { listenForDenials, openForm } from './deny.ts';
import { acknowledged, inTime, personOf, spoken } from './edge.ts';
import { hearHome, type Opened } from './hear-home.ts';
import { keepConnected } from './socket.ts';

/** What the bot does with what it hears. `command` and `press` throw a `UserError` for what the person should know. */
export interface Handlers {
  command(
    asked: Person & { channel: string; text: string; replyTo: string; delivery: string },
  ): Promise<Answer | null>;
  press(
    pressed: Person & {
      run: RunId;
      verb: Verb;
      on: { channel: string; ts: string; thread?: string };
      replyTo: string;
      delivery: string;
      /** In milliseconds, by Slack's clock. */
      pressedAt: number;
    },
  ): Promise<Reply>;
  /** The form that a press of `Deny` opened was sent. Returns why it does not count. */
  deny(sent: Person & { run: RunId; reason?: string }): Promise<Markup | null>;
  /** To one person, later than an acknowledgement may be. */
  reply: Voice['reply'];
  home(opened: Opened): Promise<void>;
}

const VERBS = ['confirm', 'approve', 'deny', 'cancel', 'continue', 'undo', 'again'] as const;
type Verb = (typeof VERBS)[number];

export interface Connection {
  botToken: string;
  /** Who the bot is, so that Bolt need not ask at every event. */
  botId: string;
  botUserId: string;
  clientOptions: WebClientOptions;
  /** Socket Mode, or HTTP with a signing secret. */
  by: { appToken: string } | { signingSecret: string; port: number };
}

/** The Bolt app: hears commands and presses, and acknowledges each once its effect is stored, or in time. */
export async function openApp(
  { botToken, botId, botUserId, clientOptions, by }: Connection,
  handlers: Handlers,
  { log, time }: { log: Log; time: Time },
) {
  const quiet = { debug() {}, info() {}, setLevel() {}, getLevel: () => LogLevel.WARN, setName() {} };
  const logger = {
    ...quiet,
    warn: (...text: unknown[]) => log.warn(text.join(' ')),
    error: (...text: unknown[]) => log.error(text.join(' '), undefined),
  };
  const receiver =
    'appToken' in by
      ? new SocketModeReceiver({
          ...{ appToken: by.appToken, logger: { ...logger, error: logger.warn } },
          autoReconnectEnabled: false,
          installerOptions: { clientOptions },
        })
      : null;
  const app = new App({
    token: botToken,
    botId,
    botUserId,
    clientOptions,
    convoStore: false,
    // Checked with its own sentence before this.
    tokenVerificationEnabled: false,
    deferInitialization: true,
    logger,
    ...('appToken' in by
      ? receiver && { receiver }
      : { signingSecret: by.signingSecret, port: by.port, endpoints: '/slack/events' }),
  });
  await app.init();
  const hands = openHands();
  app.use(async ({ next }) => hands.hold(next()));

  app.command(/.*/, async ({ command, ack }) => {
    const work = spoken(log, () =>
      handlers.command({
        user: UserId.parse(command.user_id),
        team: command.team_id,
        channel: command.channel_id,
        text: command.text,
        replyTo: command.response_url,
        delivery: command.trigger_id,
      }),
    );
    const soon = await inTime(work);
    const heard = await acknowledged(log, () => (soon ? ack(privately(soon)) : ack()));
    const late = soon && heard ? null : await work;
    if (late) await handlers.reply(command.response_url, late);
  });

  app.action(
    { type: 'block_actions', action_id: new RegExp(`^(${VERBS.join('|')})$`) },
    async ({ body, action, ack, client }) => {
      const work = spoken(log, async () => {
        if (action.type !== 'button') return null;
        const { container, response_url: replyTo, trigger_id: trigger } = body;
        const person = personOf(body);
        const reply = await handlers.press({
          ...person,
          run: readRun(action.value),
          verb: VERBS.find((verb) => verb === action.action_id) ?? 'cancel',
          on: {
            channel: body.channel?.id ?? '',
            ts: String(container.message_ts ?? ''),
            ...(container.thread_ts !== undefined && { thread: String(container.thread_ts) }),
          },
          replyTo,
          delivery: `${body.user.id} ${action.action_ts}`,
          pressedAt: Number(action.action_ts) * 1000,
        });
        if (reply?.kind === 'form')
          return openForm(client, { trigger, run: reply.run, replyTo, denier: person }, handlers.deny, log);
        return reply && { lines: [reply.words] };
      });
      await inTime(work);
      await acknowledged(log, ack);
      const answer = await work;
      if (answer) await handlers.reply(body.response_url, answer);
    },
  );

  listenForDenials(app, handlers, log);
  hearHome(app, handlers.home, log);
  app.error(async (error) => log.error('a Slack event could not be handled', error));
  const socket = receiver && keepConnected(receiver.client, time, log);
  return {
    /** Resolves once people can be heard, or the app is ended; rejects where Slack refuses the token. */
    start: async () => void (await (socket ?? app).start()),
    /** Resolves once what was heard is answered, or so many milliseconds are over, and nothing more is heard. */
    async end(limitMs: number) {
      const answered = new AbortController();
      const empty = hands.empty().then(() => answered.abort());
      await Promise.race([empty, time.sleep(limitMs, answered.signal)]);
      await (socket ?? app).stop();
    },
  };
}

// --- internal ---

/** What was heard and is not answered yet. */
function openHands() {
  const held = new Set<Promise<void>>();
  return {
    async hold(work: Promise<void>): Promise<void> {
      const kept = work.catch(() => undefined).finally(() => held.delete(kept));
      held.add(kept);
      return work;
    },
    async empty(): Promise<void> {
      while (held.size > 0) await Promise.all(held);
    },
  };
}

/** The value was made by us, but comes back through a client. */
function readRun(value: string | undefined): RunId {
  const run = RunId.safeParse(Number(value));
  if (run.success) return run.data;
  throw new UserError('This button is not one of mine: ask with a command instead.');
}
