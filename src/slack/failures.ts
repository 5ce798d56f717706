import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api';
import { code, type Markup, say } from '../domain/markup.ts';
import { BROKEN, Held, SHUT } from './gate.ts';

/** How a call to Slack failed, as the writer must treat it. */
export type Failure =
  /** Slack said no and will say it again. */
  | { kind: 'refused'; error: string; words: Markup }
  /** It has had no effect; again after so many milliseconds. */
  | { kind: 'later'; ms: number }
  /** It may have taken effect: look before trying again. After so many milliseconds Slack shows it if it has. */
  | { kind: 'unknown'; settleMs: number };

/** Slack has answered or hung up: what it did is there, though its history may lag a little behind. */
const ENDED_MS = 5_000;
/** Nobody knows whether Slack is still at it. */
const OPEN_MS = 15_000;

export function failureOf(error: unknown): Failure {
  if (error instanceof WebAPIRateLimitedError) return { kind: 'later', ms: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) {
    const word = error.data.error;
    if (PASSING.has(word)) return { kind: 'later', ms: 5_000 };
    // What is no word of Slack's comes from something in between.
    if (BROKEN.has(word) || !/^\w+$/.test(word)) return { kind: 'unknown', settleMs: ENDED_MS };
    return { kind: 'refused', error: word, words: refusalWords(word) };
  }
  if (error instanceof WebAPIHTTPError) return { kind: 'unknown', settleMs: ENDED_MS };
  if (error instanceof WebAPIRequestError) {
    const { original } = error;
    if (original instanceof Held) return { kind: 'later', ms: original.ms };
    if (isUnsent(original)) return { kind: 'later', ms: 2_000 };
    return { kind: 'unknown', settleMs: /Timeout|Abort/.test(original.name) ? OPEN_MS : ENDED_MS };
  }
  // A rate limit without the word how long.
  if (error instanceof Error && error.message.startsWith('Retry header'))
    return { kind: 'later', ms: 30_000 };
  throw error;
}

/** Whether the connection never came about, so that nothing was sent. */
export const isUnsent = (error: Error): boolean => UNSENT.test(causeOf(error));

/** As `failureOf`, for what waits in a queue: where our token is good for nothing, somebody may yet mend that. */
export function queuedFailureOf(error: unknown): Failure {
  const failure = failureOf(error);
  return failure.kind === 'refused' && SHUT.has(failure.error) ? { kind: 'later', ms: 60_000 } : failure;
}

// --- internal ---

const PASSING = new Set(['ratelimited', 'request_timeout', 'team_added_to_org']);

/** Errors of a connection that never came about. */
const UNSENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;
function causeOf(error: Error): string {
  const { code, cause } = error as NodeJS.ErrnoException & { cause?: { code?: unknown } };
  return String(cause?.code ?? code ?? '');
}

function refusalWords(error: string): Markup {
  switch (error) {
    case 'not_in_channel':
    case 'channel_not_found':
      return say`dimg is not in this channel. Invite it with ${code('/invite @dimg')} and ask again; nothing was started.`;
    case 'is_archived':
      return say`This channel is archived: ask in another one; nothing was started.`;
    case 'restricted_action':
    case 'restricted_action_read_only_channel':
      return say`dimg may not post in this channel: ask in another one, or let it post here; nothing was started.`;
    case 'missing_scope':
    case 'invalid_auth':
    case 'account_inactive':
    case 'token_revoked':
      return say`Slack does not let dimg post (${error}): install the app again from its manifest; nothing was started.`;
    default:
      return say`Slack did not take the message (${error}); nothing was started.`;
  }
}
