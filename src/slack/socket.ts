import type { SocketModeReceiver } from '@slack/bolt';
import type { Log } from '../ports.ts';
import { backoff, type Time } from './backoff.ts';
import { failureOf } from './failures.ts';

type Client = SocketModeReceiver['client'];

/** Slack says hello at once. */
const HELLO_MS = 10_000;
/** Presses are lost meanwhile: soon, and not so often that Slack's limit for new connections is met. */
const LONGEST_MS = 10_000;
const FIRST_MS = 250;

/**
 * Keeps one connection in Socket Mode. Bolt's own way is not used: after a failed call for a new connection it never
 * tries again, and before each it waits for five seconds or more.
 */
export function keepConnected(client: Client, time: Time, log: Log) {
  const ending = new AbortController();
  let loop = Promise.resolve();

  /** Resolves once Slack has said hello. */
  async function connect(): Promise<void> {
    const late = new AbortController();
    const hello = client.start();
    hello.catch(() => undefined).finally(() => late.abort());
    const tooLong = time.sleep(HELLO_MS, late.signal).then(async () => {
      if (late.signal.aborted) return;
      await client.disconnect();
    });
    await Promise.all([hello, tooLong]);
  }

  async function keep(first: () => void, refused: (error: unknown) => void): Promise<void> {
    let ended = () => {};
    client.on('disconnected', () => ended());
    for (let failures = 0; !ending.signal.aborted; ) {
      // Listened for before, since it may end in the same instant in which it began.
      const over = new Promise<void>((resolve) => {
        ended = resolve;
      });
      try {
        await connect();
        if (ending.signal.aborted) return void (await client.disconnect());
        if (failures > 0) log.info('connected to Slack again', { failures });
        failures = 0;
        first();
        await over;
        if (!ending.signal.aborted) log.info('the connection to Slack has ended: connecting again');
      } catch (error) {
        if (ending.signal.aborted) return;
        const failure = error === undefined ? null : failureIn(error);
        if (failure?.kind === 'refused') refused(error);
        if (failures++ === 0)
          log.warn('no connection to Slack: trying again', { error: (error as Error | undefined)?.message });
        const asked = failure?.kind === 'later' ? failure.ms : 0;
        const wait = Math.min(LONGEST_MS, backoff(failures, time.random, FIRST_MS));
        await time.sleep(Math.max(asked, wait), ending.signal);
      }
    }
  }

  return {
    /** Resolves once connected, or ended; rejects with Slack's refusal of the token. */
    start: () =>
      new Promise<void>((resolve, reject) => {
        loop = keep(resolve, reject);
        loop.then(resolve, reject);
      }),
    async stop(): Promise<void> {
      ending.abort();
      await client.disconnect();
      await loop;
    },
  };
}

// --- internal ---

/** What ended a connection need not be a call's failure. */
function failureIn(error: unknown) {
  try {
    return failureOf(error);
  } catch {
    return null;
  }
}
