import type { HostName, ImageId } from '../../src/domain/ids.ts';
import { key } from '../../src/domain/protocol.ts';
import type { Holder } from '../../src/domain/registry.ts';
import { eachOf } from './each.ts';
import type { Fleet } from './ports.ts';

/** What of a Redis client is needed here. */
type Commands = {
  hgetall(key: string): Promise<Record<string, string>>;
  zrangebyscore(key: string, from: number, to: '+inf'): Promise<string[]>;
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>;
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
};

/** A host that has been silent for longer will not come back for what it had. */
const GONE_MS = 90 * 86_400_000;
const AT_ONCE = 1_000;
const AT_ONCE_HOSTS = 16;

// All of it at one instant: nobody reads a half.
const TELL = `
redis.call('DEL', KEYS[1])
for i = 3, #ARGV, 1000 do redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 999, #ARGV))) end
redis.call('HSET', KEYS[1], 'at', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])`;

/** Leaves in Redis which images a host has. `now` by the Redis server's clock. */
export async function tellFleet(
  redis: Commands,
  host: HostName,
  images: ReadonlyMap<ImageId, boolean>,
  now: number,
): Promise<void> {
  const fields = [...images].flatMap(([image, used]) => [image, used ? '1' : '0']);
  await redis.eval(TELL, 1, key.has(host), now, GONE_MS, ...fields);
}

/** Which hosts have these images, and which have never told what they have, of all that were heard of in 90 days. */
export async function readFleet(redis: Commands, digests: readonly ImageId[], now: number): Promise<Fleet> {
  const [beats, heard] = await Promise.all([
    redis.hgetall(key.hosts),
    redis.zrangebyscore(key.seen, now - GONE_MS, '+inf'),
  ]);
  const hosts = heard.filter((host) => host in beats && !isRegistry(beats[host])) as HostName[];
  const holders = new Map<ImageId, Holder[]>();
  const unheard: HostName[] = [];
  await eachOf(hosts, AT_ONCE_HOSTS, async (host) => {
    const asked = [...digests];
    for (let first = true; first || asked.length > 0; first = false) {
      const part = asked.splice(0, AT_ONCE);
      const [at, ...found] = await redis.hmget(key.has(host), 'at', ...part);
      if (at == null) {
        unheard.push(host);
        return;
      }
      for (const [i, digest] of part.entries()) {
        const used = found[i];
        if (used == null) continue;
        holders.set(digest, [...(holders.get(digest) ?? []), { host, used: used === '1' }]);
      }
    }
  });
  return { holders, unheard: unheard.sort() };
}

// --- internal ---

function isRegistry(beat: string | undefined): boolean {
  try {
    return (JSON.parse(beat ?? '') as { registry?: unknown }).registry !== undefined;
  } catch {
    return false;
  }
}
