import { HostName, ImageId } from '../../src/domain/ids.ts';
import { key } from '../../src/domain/protocol.ts';
import type { Holder } from '../../src/domain/registry.ts';
import { eachOf } from './each.ts';
import type { Fleet, Possessions, Queue } from './ports.ts';

/** What of a Redis client is needed here. */
type Commands = {
  hgetall(key: string): Promise<Record<string, string>>;
  zrangebyscore(key: string, from: number, to: '+inf', scores: 'WITHSCORES'): Promise<string[]>;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
};

/** A host that has been silent for longer will not come back for what it had. */
export const GONE_MS = 90 * 86_400_000;
/** Whoever beats tells once a day: what is older than its heartbeat by so much, it does not stand for. */
const LATE_MS = 25 * 3_600_000;
const AT_ONCE = 1_000;
const AT_ONCE_HOSTS = 64;

// All of it at one instant: nobody reads a half.
const TELL = `
redis.call('DEL', KEYS[1])
for i = 4, #ARGV, 1000 do redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV))) end
redis.call('HSET', KEYS[1], 'at', ARGV[1], 'mark', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/** Leaves in Redis which images a host has. `now` by the Redis server's clock. */
export async function tellFleet(
  redis: Pick<Commands, 'eval'>,
  host: HostName,
  { images, used }: Possessions,
  mark: string,
  now: number,
): Promise<void> {
  const fields = [
    ...[...images].flatMap(([image, isUsed]) => [image, isUsed ? '1' : '0']),
    ...[...used].flatMap(([repository, digests]) => [usedIn(repository), [...digests].join(' ')]),
  ];
  await redis.eval(TELL, 1, key.has(host), now, GONE_MS, mark, ...fields);
}

/** What of that stands in Redis. */
export async function readTold(
  redis: Pick<Commands, 'hmget'>,
  host: HostName,
  now: number,
): ReturnType<Queue['told']> {
  const [mark, at] = await redis.hmget(key.has(host), 'mark', 'at');
  return mark == null || at == null ? null : { mark, ageMs: now - Number(at) };
}

/** Hosts that were heard of in 90 days, each with when that was. */
export async function readHosts(redis: Commands, now: number): Promise<Map<HostName, number>> {
  const [beats, heard] = await Promise.all([
    redis.hgetall(key.hosts),
    redis.zrangebyscore(key.seen, now - GONE_MS, '+inf', 'WITHSCORES'),
  ]);
  const hosts = new Map<HostName, number>();
  for (let i = 0; i < heard.length; i += 2) {
    const host = HostName.safeParse(heard[i]).data;
    if (host && host in beats && !isRegistry(beats[host])) hosts.set(host, Number(heard[i + 1]));
  }
  return hosts;
}

/** Which of these hosts have these images, and which do not tell what they have. */
export async function readFleet(
  redis: Pick<Commands, 'hmget'>,
  digests: readonly ImageId[],
  hosts: ReadonlyMap<HostName, number>,
): Promise<Fleet> {
  const holders = new Map<ImageId, Holder[]>();
  const unheard: HostName[] = [];
  await eachOf([...hosts], AT_ONCE_HOSTS, async ([host, seen]) => {
    const asked = [...digests];
    for (let first = true; first || asked.length > 0; first = false) {
      const part = asked.splice(0, AT_ONCE);
      const [at, ...found] = await redis.hmget(key.has(host), 'at', ...part);
      if (first && !(at != null && seen - Number(at) <= LATE_MS)) unheard.push(host);
      for (const [i, digest] of part.entries()) {
        const used = found[i];
        if (used == null) continue;
        const holder = { host, used: used === '1' };
        const all = holders.get(digest);
        if (all) all.push(holder);
        else holders.set(digest, [holder]);
      }
    }
  });
  return { holders, unheard: unheard.sort() };
}

/** What containers on these hosts use, by the path of the repository that it was pulled from; of these repositories. */
export async function readUsed(
  redis: Pick<Commands, 'hmget'>,
  repositories: readonly string[],
  hosts: Iterable<HostName>,
): Promise<Map<string, Set<ImageId>>> {
  const used = new Map<string, Set<ImageId>>();
  if (repositories.length === 0) return used;
  await eachOf([...hosts], AT_ONCE_HOSTS, async (host) => {
    const found = await redis.hmget(key.has(host), ...repositories.map(usedIn));
    for (const [i, repository] of repositories.entries())
      for (const name of found[i]?.split(' ') ?? []) {
        const digest = ImageId.safeParse(name).data;
        if (digest) used.set(repository, (used.get(repository) ?? new Set()).add(digest));
      }
  });
  return used;
}

// --- internal ---

/** A field of its own: earlier agents look for a digest alone, and for nothing but `1` beside it. */
const usedIn = (repository: string): string => `used-in ${repository}`;

function isRegistry(beat: string | undefined): boolean {
  try {
    return (JSON.parse(beat ?? '') as { registry?: unknown }).registry !== undefined;
  } catch {
    return false;
  }
}
