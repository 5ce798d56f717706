import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api';
import { code, type Markup, say } from '../domain/markup.ts';

/** How a call to Slack failed, as the writer must treat it. */
export type Failure =
  /** Slack said no and will say it again. */
  | { kind: 'refused'; error: string; words: Markup }
  /** Not now; again after so many milliseconds. */
  | { kind: 'later'; ms: number }
  /** It may have taken effect: look before trying again. */
  | { kind: 'unknown' };

export function failureOf(error: unknown): Failure {
  if (error instanceof WebAPIRateLimitedError) return { kind: 'later', ms: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) {
    if (PASSING.has(error.data.error)) return { kind: 'later', ms: 5_000 };
    return { kind: 'refused', error: error.data.error, words: refusalWords(error.data.error) };
  }
  if (error instanceof WebAPIHTTPError || error instanceof WebAPIRequestError) return { kind: 'unknown' };
  throw error;
}

/** After how many milliseconds it is worth another try; 0 where it never is. */
export function waitOf(failure: Failure): number {
  if (failure.kind === 'later') return failure.ms;
  return failure.kind === 'unknown' ? 2_000 : 0;
}

// --- internal ---

const PASSING = new Set([
  'ratelimited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

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
