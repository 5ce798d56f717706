import type { AuthTestResponse, WebClient } from '@slack/web-api';
import type { Log } from '../ports.ts';
import { backoff, type Time } from './backoff.ts';
import { failureOf } from './failures.ts';

/**
 * Asks Slack who the bot is, again and again while Slack is away. Resolves to `null` once `stop` is aborted, and to Slack's
 * own error where it does not take the token.
 */
export async function awaitSlack(
  client: WebClient,
  time: Time,
  log: Log,
  stop: AbortSignal,
): Promise<AuthTestResponse | { refused: Error } | null> {
  for (let tries = 1; !stop.aborted; tries++) {
    try {
      return await client.auth.test();
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === 'refused') return { refused: error as Error };
      if (tries === 1)
        log.warn('Slack does not answer yet: waiting for it', { error: (error as Error).message });
      const asked = failure.kind === 'later' ? failure.ms : 0;
      await time.sleep(Math.max(asked, backoff(tries, time.random, 500)), stop);
    }
  }
  return null;
}
