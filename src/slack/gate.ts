import type { Log } from '../ports.ts';
import { backoff, LONGEST_MS, type Time } from './backoff.ts';
import { openBuckets } from './buckets.ts';

/** The call was not made: it may be in so many milliseconds. */
export class Held extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super(`held back for ${ms} ms`);
    this.name = 'Held';
    this.ms = ms;
  }
}

export interface Gate {
  /** For a `WebClient`: makes the call, or throws `Held`. */
  fetch: typeof fetch;
  /** Milliseconds until a call of this method may be made and `spare` more be left for others; 0 where it may be now. */
  wait(method: string, channel?: string, spare?: number): number;
  /** `null` while Slack answers; else the milliseconds until one call may ask whether it is back. */
  away(): number | null;
}

/** Failures in a row after which Slack counts as away. */
const AWAY_AFTER = 3;
/** Words with which Slack says that it failed itself. */
export const BROKEN: ReadonlySet<string> = new Set(['internal_error', 'fatal_error', 'service_unavailable']);
/** Words with which it says that our token is good for nothing, until somebody installs the app again. */
export const SHUT: ReadonlySet<string> = new Set([
  ...['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired'],
  ...['team_disabled', 'user_removed_from_team', 'org_login_required', 'team_access_not_granted'],
]);

/**
 * Stands before every call of one client. A rate limit holds up all calls that it is about; while Slack is away one call
 * at a time asks whether it is back, more and more rarely.
 */
export function openGate(time: Time, log: Log, send: typeof fetch = fetch): Gate {
  const buckets = openBuckets(time.monotonic);
  const holds = new Map<string, number>();
  let failures = 0;
  let probeAt = 0;
  let probing = false;
  let shut: string | null = null;

  const isAway = () => failures >= AWAY_AFTER || shut !== null;
  function away(): number | null {
    if (!isAway()) return null;
    return Math.max(probeAt - time.monotonic(), probing ? 500 : 0, 0);
  }
  function wait(method: string, channel?: string, spare?: number): number {
    const key = keyOf(method, channel);
    const held = (holds.get(key) ?? 0) - time.monotonic();
    return Math.max(away() ?? 0, held, buckets.wait(method, key, spare), 0);
  }

  function hold(key: string, ms: number): void {
    for (const [name, until] of holds) if (until < time.monotonic()) holds.delete(name);
    // Answers to calls at once may overtake each other.
    holds.set(key, Math.max(holds.get(key) ?? 0, time.monotonic() + ms));
  }
  function answered(): void {
    if (isAway()) log.info('Slack takes calls again', { failures });
    failures = 0;
    shut = null;
  }
  function failed(why: string): void {
    failures++;
    if (failures === AWAY_AFTER && shut === null)
      log.warn('Slack is away: cards wait for it, and one call at a time asks whether it is back', { why });
    probeAt = time.monotonic() + backoff(Math.max(1, failures - AWAY_AFTER + 1), time.random);
  }
  function refused(why: string): void {
    if (shut !== why)
      log.error(
        `Slack does not take dimg's token any more (${why}): install the app again from its manifest; cards wait until then`,
        undefined,
      );
    shut = why;
    probeAt = time.monotonic() + backoff(10, time.random, LONGEST_MS);
  }

  async function gated(...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    const method = /\/api\/([\w.]+)$/.exec(String(input))?.[1] ?? 'upload';
    const channel = typeof init?.body === 'string' ? new URLSearchParams(init.body).get('channel') : null;
    const ms = wait(method, channel ?? undefined);
    if (ms > 0) throw new Held(ms);
    const key = keyOf(method, channel ?? undefined);
    buckets.take(method, key);
    const probe = isAway();
    // What was under way when Slack went says nothing new.
    const counts = () => probe || !isAway();
    probing ||= probe;
    try {
      const response = await send(input, init);
      const text = await response.text();
      const { status, statusText, headers } = response;
      if (status === 429) hold(key, 1000 * (Number(headers.get('retry-after')) || 30));
      const error = method === 'upload' ? null : errorIn(text);
      if (status === 429) answered();
      else if (status !== 200 || error === undefined || BROKEN.has(error ?? '')) {
        if (counts()) failed(error ?? `HTTP status ${status}`);
      } else if (SHUT.has(error ?? '')) refused(error ?? '');
      else answered();
      return new Response(text === '' ? null : text, { status, statusText, headers });
    } catch (error) {
      if (counts()) failed(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      if (probe) probing = false;
    }
  }

  return { fetch: gated, wait, away };
}

// --- internal ---

/** What one rate limit is about: posting is limited in each channel by itself. */
const keyOf = (method: string, channel?: string): string =>
  method === 'chat.postMessage' && channel !== undefined ? `${method} ${channel}` : method;

/** The error in an answer of Slack's, `null` where there is none; `undefined` for what is no answer of Slack's. */
function errorIn(text: string): string | null | undefined {
  try {
    const { ok, error } = JSON.parse(text) as { ok?: unknown; error?: unknown };
    if (ok === true) return null;
    return ok === false && typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}
