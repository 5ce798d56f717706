import { WebClient, type WebClientOptions } from '@slack/web-api';
import { ConfigError } from '../agents/host/config-error.ts';
import type { readBotSettings } from './config.ts';
import type { Log } from './ports.ts';
import type { Time } from './slack/backoff.ts';
import { CALL_MS } from './slack/marks.ts';
import { awaitSlack } from './slack/start.ts';

type Settings = Pick<ReturnType<typeof readBotSettings>, 'slackApiUrl' | 'botToken'>;

/** Clients of Slack, and who the bot is there, as soon as Slack says so. */
export function startSlack(settings: Settings, time: Time, log: Log, stop: AbortSignal) {
  const options: WebClientOptions = {
    ...(settings.slackApiUrl !== undefined && { slackApiUrl: settings.slackApiUrl }),
    // We decide what is tried again and when: the client would post twice, and wait with everything else.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: CALL_MS,
  };
  const client = (more: WebClientOptions = {}) => new WebClient(settings.botToken, { ...options, ...more });
  const answer = awaitSlack(client(), time, log, stop);
  const self = answer.then((found) => {
    if (!found) throw new Error('dimg was told to stop before Slack said who it is');
    if ('refused' in found)
      throw new ConfigError(`SLACK_BOT_TOKEN: Slack does not take it: ${found.refused.message}.`, {
        cause: found.refused,
      });
    return found;
  });
  const botId = self.then(({ bot_id = '' }) => bot_id);
  const team = self.then(({ team_id = '' }) => team_id);
  for (const one of [self, botId, team]) one.catch(() => undefined);
  return {
    options,
    client,
    /** Resolves to nothing where the bot is told to stop before. */
    answer,
    /** Rejects there, and where Slack does not take the token. */
    self,
    botId,
    team,
  };
}
