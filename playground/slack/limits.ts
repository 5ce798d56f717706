import type { Clock } from './clock.ts';
import type { Options } from './controls.ts';

/** Calls a minute, per method and workspace: Slack's tiers 2, 3 and 4, and the special ones. */
const PER_MINUTE: Readonly<Record<string, number>> = {
  'auth.test': 300,
  'apps.connections.open': 60,
  'chat.postMessage': 300,
  'chat.update': 50,
  'chat.delete': 50,
  'chat.postEphemeral': 100,
  'chat.getPermalink': 300,
  'conversations.info': 50,
  'conversations.members': 100,
  'conversations.history': 50,
  'conversations.replies': 50,
  'users.conversations': 50,
  'users.info': 100,
  'users.list': 20,
  'usergroups.list': 20,
  'usergroups.users.list': 20,
  'views.open': 100,
  'views.update': 100,
  'views.push': 100,
  'views.publish': 100,
  'files.getUploadURLExternal': 100,
  'files.completeUploadExternal': 100,
};

/** Posting: one a second per channel, with room for a short burst. */
const POST = { perSecond: 1, burst: 3 };

type Bucket = { tokens: number; at: number };

/** Seconds to wait, or 0 when the call may pass (and is counted). */
export type Limiter = (method: string, channel: string | undefined) => number;

/** Token buckets, one per method, and one per channel for posting. */
export function createLimiter(clock: Clock, limits: Options['rateLimits']): Limiter {
  if (!limits) return () => 0;
  const overrides = limits === true ? {} : limits;
  const buckets = new Map<string, Bucket>();

  const wait = (key: string, perSecond: number, capacity: number): number => {
    const now = clock.now();
    const bucket = buckets.get(key) ?? { tokens: capacity, at: now };
    buckets.set(key, bucket);
    bucket.tokens = Math.min(capacity, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    return bucket.tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
  };
  const take = (key: string) => {
    const bucket = buckets.get(key);
    if (bucket) bucket.tokens -= 1;
  };

  return (method, channel) => {
    const perMinute = overrides[method] ?? PER_MINUTE[method] ?? 50;
    const keys = [method];
    let seconds = wait(method, perMinute / 60, perMinute);
    if (method === 'chat.postMessage' && channel) {
      const key = `${method} ${channel}`;
      keys.push(key);
      seconds = Math.max(seconds, wait(key, POST.perSecond, POST.burst));
    }
    // A refused call costs nothing: Slack's window is about what it served.
    if (seconds === 0) keys.forEach(take);
    return seconds;
  };
}
