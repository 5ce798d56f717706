import { z } from 'zod';
import { HostName, type ImageId } from '../../src/domain/ids.ts';
import { readIfThere, replace } from '../host/files.ts';
import { GONE_MS } from '../host/fleet.ts';
import { errorField } from '../host/log.ts';
import type { Fleet, Log, Queue } from '../host/ports.ts';

/** The hosts that were heard of: Redis may be lost, and those that are off just then do not come back to it. */
export type Roster = {
  /** Which hosts have images of these digests, and those that do not tell. Rejects when Redis does not answer, as all do but `save`. */
  holders(digests: readonly ImageId[]): Promise<Fleet>;
  /** What containers on any host use of these repositories. */
  usedIn(repositories: readonly string[]): ReturnType<Queue['usedIn']>;
  /** Takes in which hosts there are. */
  look(): Promise<void>;
  /** Never rejects. */
  save(): Promise<void>;
};

const Stored = z.strictObject({ v: z.literal(1), hosts: z.record(HostName, z.number()) });
/** It is not written for each heartbeat. */
const NEWER_MS = 86_400_000;
const RECENT_MS = 1_000;

/** `now` in milliseconds since 1970, `monotonic` by a clock that never jumps. */
export async function openRoster(
  queue: Pick<Queue, 'hosts' | 'holders' | 'usedIn'>,
  file: string,
  now: () => number,
  monotonic: () => number,
  log: Log,
): Promise<Roster> {
  const known = await load(file, log);
  let changed = false;
  let saving: Promise<void> = Promise.resolve();

  /** Before each deletion it is asked what hosts use, and they come and go far more seldom. */
  let recent: { until: number; hosts: ReturnType<Queue['hosts']> } | undefined;
  const hostsNow = (): ReturnType<Queue['hosts']> => {
    if (recent && monotonic() < recent.until) return recent.hosts;
    const mine = { until: monotonic() + RECENT_MS, hosts: queue.hosts() };
    mine.hosts.catch(() => {
      mine.until = Number.NEGATIVE_INFINITY;
    });
    recent = mine;
    return mine.hosts;
  };

  /** Those that Redis knows nothing of any more. */
  const look = (hosts: ReadonlyMap<HostName, number>): HostName[] => {
    for (const [host, at] of hosts) {
      if (at - (known.get(host) ?? 0) < NEWER_MS) continue;
      known.set(host, at);
      changed = true;
    }
    for (const [host, at] of known)
      if (!hosts.has(host) && now() - at > GONE_MS) changed = known.delete(host);
    void save();
    return [...known.keys()].filter((host) => !hosts.has(host));
  };
  const save = (): Promise<void> => {
    saving = saving.then(async () => {
      if (!changed) return;
      changed = false;
      try {
        await replace(file, JSON.stringify({ v: 1, hosts: Object.fromEntries(known) }));
      } catch (error) {
        changed = true;
        log.error('which hosts there are could not be written', errorField(error));
      }
    });
    return saving;
  };

  return {
    async holders(digests) {
      const hosts = await hostsNow();
      const lost = look(hosts);
      const fleet = await queue.holders(digests, hosts);
      return { ...fleet, unheard: [...new Set([...fleet.unheard, ...lost])].sort() };
    },
    usedIn: async (repositories) => queue.usedIn(repositories, (await hostsNow()).keys()),
    async look() {
      look(await hostsNow());
    },
    save,
  };
}

// --- internal ---

async function load(file: string, log: Log): Promise<Map<HostName, number>> {
  try {
    const text = await readIfThere(file);
    const hosts = text === null ? {} : Stored.parse(JSON.parse(text)).hosts;
    return new Map(Object.entries(hosts) as [HostName, number][]);
  } catch (error) {
    log.error('which hosts there are can’t be read, and is begun anew', errorField(error));
    return new Map();
  }
}
