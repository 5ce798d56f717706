import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Disk } from '../../src/domain/disk.ts';
import { withLimit } from './time-limit.ts';

/** IDs that the container which this process runs in may have; empty outside of containers. */
export function ownContainer(hostname: string, read: (file: string) => string = readOrNothing): string[] {
  const found = new Set<string>();
  // Docker's default hostname is the short ID.
  if (/^[0-9a-f]{12}$/.test(hostname)) found.add(hostname);
  // `/etc/hostname` and its like are mounted from the container's own folder, also under cgroup v2.
  for (const file of ['/proc/self/mountinfo', '/proc/self/cgroup'])
    for (const [, id] of read(file).matchAll(/(?:\/containers\/|\/docker[/-])([0-9a-f]{64})/g))
      if (id) found.add(id);
  return [...found];
}

/**
 * Reads the file system that holds the engine's data: `null` where this process does not see it, or it does not answer
 * in time.
 */
export function openDiskReader(
  inContainer: boolean,
  ask: (path: string) => Promise<Sizes> = statfs,
  limitMs = DISK_LIMIT_MS,
): (root: string) => Promise<Disk | null> {
  const read = async (root: string): Promise<Disk | null> => {
    // A container's own root is on the engine's file system.
    for (const path of inContainer ? [root, '/'] : [root]) {
      try {
        const { bsize, blocks, bavail } = await ask(path);
        return { total: bsize * blocks, free: bsize * bavail };
      } catch {
        // Not visible from here.
      }
    }
    return null;
  };
  // What hangs keeps one of the few threads for files: it is not asked again before it has answered.
  const hanging = new Map<string, Promise<Disk | null>>();
  return async (root) => {
    const reading = hanging.get(root) ?? read(root).finally(() => void hanging.delete(root));
    hanging.set(root, reading);
    return withLimit(limitMs, () => reading).catch(() => null);
  };
}

// --- internal ---

/** A disk that takes longer hangs: an engine's file system is local. */
const DISK_LIMIT_MS = 2000;

type Sizes = { bsize: number; blocks: number; bavail: number };

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
