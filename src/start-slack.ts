import type { AuthTestResponse, WebClient } from '@slack/web-api';
import { ConfigError } from '../agents/host/config-error.ts';
import type { Log } from './ports.ts';
import { backoff, type Time } from './slack/backoff.ts';
import { failureOf } from './slack/failures.ts';

/**
 * Asks Slack who the bot is, again and again while Slack is away. `null` once `stop` is aborted. Rejects with a
 * `ConfigError` where Slack does not take the token.
 */
export async function awaitSlack(
  client: WebClient,
  time: Time,
  log: Log,
  stop: AbortSignal,
): Promise<AuthTestResponse | null> {
  for (let tries = 1; !stop.aborted; tries++) {
    try {
      return await client.auth.test();
    } catch (error) {
      const failure = failureOf(error);
      const said = (error as Error).message;
      if (failure.kind === 'refused')
        throw new ConfigError(`SLACK_BOT_TOKEN: Slack does not take it: ${said}.`, { cause: error });
      if (tries === 1) log.warn('Slack does not answer yet: waiting for it', { error: said });
      const asked = failure.kind === 'later' ? failure.ms : 0;
      await time.sleep(Math.max(asked, backoff(tries, time.random, 500)), stop);
    }
  }
  return null;
}
