import { Redis } from 'ioredis';
import { leaks } from '../chaos/logs.ts';
import type { Stage } from './_world.ts';

/** A name and a password as they are, and as basic authentication sends them. */
export const secretsOf = (username: string, password: string): string[] => [
  password,
  // Without its end, which depends on what follows.
  Buffer.from(`${username}:${password}`).toString('base64').replace(/=+$/, '').slice(0, -1),
];

/** Where any of them stands: in a log, a journal or what Redis ever took, in Redis now, in anything that Slack was sent. */
export async function placesOf(
  { scope, world, slack }: Pick<Stage, 'scope' | 'world' | 'slack'>,
  secrets: readonly string[],
): Promise<string[]> {
  const holds = (text: string) => secrets.some((secret) => text.includes(secret));
  const redis = new Redis(world.redis.url);
  try {
    const stored = await everythingIn(redis);
    return [
      ...leaks(scope.dir, secrets),
      ...[...stored].flatMap(([key, text]) => (holds(`${key} ${text}`) ? [`Redis: ${key}`] : [])),
      ...slack.history.map((entry) => JSON.stringify(entry)).flatMap((text) => (holds(text) ? [text] : [])),
    ];
  } finally {
    redis.disconnect();
  }
}

// --- internal ---

/** Each key with all that is under it. */
async function everythingIn(redis: Redis): Promise<Map<string, string>> {
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, 0, -1),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1'),
    stream: (key) => redis.xrange(key, '-', '+'),
  };
  const all = new Map<string, string>();
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key);
    // It ended just now.
    if (type === 'none') continue;
    all.set(key, JSON.stringify(await read[type]?.(key)));
  }
  return all;
}
