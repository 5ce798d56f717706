import { z } from 'zod';
import { HostName } from '../../src/domain/ids.ts';
import { readIfThere, replace } from '../host/files.ts';
import { GONE_MS } from '../host/fleet.ts';
import { errorField } from '../host/log.ts';
import type { Log, Queue } from '../host/ports.ts';

/** The hosts that were heard of: Redis may be lost, and those that are off just then do not come back to it. */
export type Roster = Pick<Queue, 'holders' | 'usedIn'> & {
  /** Takes in which hosts there are. Rejects when Redis does not answer. */
  look(): Promise<void>;
  /** Never rejects. */
  save(): Promise<void>;
};

const Stored = z.strictObject({ v: z.literal(1), hosts: z.record(HostName, z.number()) });
/** It is not written for each heartbeat. */
const NEWER_MS = 86_400_000;

/** `now` in milliseconds since 1970. */
export async function openRoster(
  queue: Pick<Queue, 'hosts' | 'holders' | 'usedIn'>,
  file: string,
  now: () => number,
  log: Log,
): Promise<Roster> {
  const known = await load(file, log);
  let changed = false;
  let saving: Promise<void> = Promise.resolve();

  /** Those that Redis knows nothing of any more. */
  const look = async (): Promise<HostName[]> => {
    const hosts = await queue.hosts();
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
      const [lost, fleet] = await Promise.all([look(), queue.holders(digests)]);
      return { ...fleet, unheard: [...new Set([...fleet.unheard, ...lost])].sort() };
    },
    usedIn: (repositories) => queue.usedIn(repositories),
    async look() {
      await look();
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
