import type { Log } from '../ports.ts';
import type { PrivateMessage } from './answers.ts';
import type { Time } from './backoff.ts';
import { isUnsent } from './failures.ts';

/** Whoever asked waits for a moment; after some minutes nobody does, and the address itself ends after half an hour. */
const AGAIN_MS = [2_000, 10_000, 60_000];
const LIMIT_MS = 10_000;

/**
 * Sends messages to a reply address, in order. Resolves once each was tried; what Slack did not take for now goes on
 * beside. Never rejects.
 */
export function openReplies(time: Pick<Time, 'sleep'>, log: Log) {
  /** Which Slack has perhaps: whoever asked may see one twice, and not one four times. */
  const perhaps = new WeakSet<PrivateMessage>();

  async function take(replyTo: string, message: PrivateMessage): Promise<'taken' | 'later' | 'never'> {
    try {
      const response = await fetch(replyTo, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
        redirect: 'error',
        signal: AbortSignal.timeout(LIMIT_MS),
      });
      if (response.ok) return 'taken';
      log.warn('Slack did not take a private answer', { status: response.status });
      return response.status === 429 || response.status >= 500 ? 'later' : 'never';
    } catch (error) {
      log.warn('Slack did not take a private answer', { error: (error as Error).message });
      if (isUnsent(error as Error)) return 'later';
      if (perhaps.has(message)) return 'taken';
      perhaps.add(message);
      return 'later';
    }
  }

  async function goOn(replyTo: string, messages: readonly PrivateMessage[]): Promise<void> {
    let left = messages;
    for (const ms of AGAIN_MS) {
      await time.sleep(ms);
      left = await some(replyTo, left);
      if (left.length === 0) return;
    }
    log.warn('a private answer was given up', { messages: left.length });
  }

  /** Sends until one is not taken for now; resolves to those that are left. */
  async function some(
    replyTo: string,
    messages: readonly PrivateMessage[],
  ): Promise<readonly PrivateMessage[]> {
    for (const [i, message] of messages.entries()) {
      const taken = await take(replyTo, message);
      if (taken === 'later') return messages.slice(i);
      // Half an hour and five uses: after that nobody waits for it any more.
      if (taken === 'never') return [];
    }
    return [];
  }

  return async (replyTo: string, messages: readonly PrivateMessage[]): Promise<void> => {
    const left = await some(replyTo, messages);
    if (left.length > 0) void goOn(replyTo, left);
  };
}
