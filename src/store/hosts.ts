import { Heartbeat, type HostStatus, key } from '../domain/protocol.ts';
import type { Hosts, Log } from '../ports.ts';
import { type Redis, reaching } from './connect.ts';

/** Hosts as their agents announce them. */
export function openHosts(redis: Redis, log: Log): Hosts {
  return {
    list: () =>
      reaching(async () => {
        const [beats, seen] = await Promise.all([
          redis.hgetall(key.hosts),
          redis.zrange(key.seen, '0', '-1', 'WITHSCORES'),
        ]);
        const seenAt = new Map<string, number>();
        for (let i = 0; i < seen.length; i += 2) seenAt.set(seen[i] ?? '', Number(seen[i + 1]));
        return Object.entries(beats).flatMap(([name, json]): HostStatus[] => {
          const beat = Heartbeat.safeParse(tryJson(json));
          // An agent of another version must not hide all the others.
          if (!beat.success) log.warn('a heartbeat could not be read', { host: name });
          return beat.success ? [{ ...beat.data, seenAt: seenAt.get(name) ?? 0 }] : [];
        });
      }),
  };
}

// --- internal ---

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
