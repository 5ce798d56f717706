import { z } from 'zod';
import { Heartbeat, type HostStatus, key } from '../domain/protocol.ts';
import { tolerant } from '../domain/tolerant.ts';
import type { Hosts, Log } from '../ports.ts';
import { type Redis, reaching } from './connect.ts';

const Beat = tolerant(Heartbeat);
/** What is needed to hand a job to a host whose agent says more than this version understands. */
const Least = z.looseObject(Heartbeat.pick({ host: true, identity: true, epoch: true, agent: true }).shape);

/** Hosts as their agents announce them. */
export function openHosts(redis: Redis, log: Log): Hosts {
  /** Told of in the log once, of each start of an agent. */
  const told = new Map<string, string>();

  function read(name: string, json: string): Heartbeat | null {
    const value = tryJson(json);
    const beat = Beat.safeParse(value);
    if (beat.success) return beat.data;
    const least = Least.safeParse(value);
    const about = least.success ? least.data.epoch : json;
    if (told.get(name) !== about)
      log.warn('a heartbeat could not be read', { host: name, problem: beat.error.issues[0]?.message });
    told.set(name, about);
    // An agent of another version must not hide all the others, nor be taken for none.
    if (!least.success) return null;
    const { host, identity, epoch, agent } = least.data;
    const problem = { kind: 'engine', message: NEWER } as const;
    return { v: 1, host, identity, epoch, agent, engine: null, problem, disk: null, counts: null };
  }

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
          const beat = read(name, json);
          return beat ? [{ ...beat, seenAt: seenAt.get(name) ?? 0 }] : [];
        });
      }),
  };
}

// --- internal ---

const NEWER = 'its agent is newer than this bot, which can not read all that it says: upgrade the bot';

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
