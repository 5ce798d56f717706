import { App, LogLevel } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import { type Options, type Slack, startSlack } from '../../../playground/slack/index.ts';

const quiet = () => {};
export const logger = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  setLevel: quiet,
  getLevel: () => LogLevel.ERROR,
  setName: quiet,
};

/** A client without retries, as somebody would use it who wants to see each answer. */
export const clientOf = (slack: Slack, token = slack.botToken) =>
  new WebClient(token, {
    slackApiUrl: slack.apiUrl,
    logger,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });

export type Fixture = {
  readonly slack: Slack;
  readonly client: WebClient;
  readonly end: () => Promise<void>;
};

/** The stand-in alone, with a client. */
export async function withClient(options: Options = {}): Promise<Fixture> {
  const slack = await startSlack(options);
  return { slack, client: clientOf(slack), end: slack.close };
}

/** The stand-in with an unmodified Bolt app on its socket. */
export async function withApp(options: Options, listen: (app: App) => void): Promise<Fixture & { app: App }> {
  const slack = await startSlack(options);
  const app = new App({
    token: slack.botToken,
    appToken: slack.appToken,
    socketMode: true,
    clientOptions: { slackApiUrl: slack.apiUrl },
    logger,
    convoStore: false,
  });
  listen(app);
  await app.start();
  const end = async () => {
    await app.stop();
    await slack.close();
  };
  return { slack, client: clientOf(slack), app, end };
}

/** The error that Slack answered a call with. */
export async function errorOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as { data?: { error?: string } }).data?.error ?? String(error);
  }
  return 'ok';
}
