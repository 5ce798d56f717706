import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { Disk } from '../../src/domain/disk.ts';

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

/** The file system that holds the engine's data, where this process sees it. */
export async function readDisk(root: string, inContainer: boolean): Promise<Disk | null> {
  // A container's own root is on the engine's file system.
  for (const path of inContainer ? [root, '/'] : [root]) {
    try {
      const { bsize, blocks, bavail } = await statfs(path);
      return { total: bsize * blocks, free: bsize * bavail };
    } catch {
      // Not visible from here.
    }
  }
  return null;
}

// --- internal ---

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
