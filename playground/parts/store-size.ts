import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Engine } from './engine.ts';

const run = promisify(execFile);

/**
 * What an engine's images, containers and build cache take up, read from its files and not from what it says: bytes
 * of the files in its layers, hard links once; in the containerd store bytes of the content and, since there the
 * engine counts so too, whole blocks of what is unpacked.
 */
export async function storeSize({ store, folders }: Pick<Engine, 'store' | 'folders'>): Promise<number> {
  if (store === 'graph driver') return bytes(await files(`${folders.data}/overlay2`, '*/diff/*'), 'size');
  const content = await files(`${folders.containerd}/io.containerd.content.v1.content/blobs`, '*');
  const unpacked = await files(
    `${folders.containerd}/io.containerd.snapshotter.v1.overlayfs/snapshots`,
    '*/fs*',
    true,
  );
  return bytes(content, 'size') + bytes(unpacked, 'blocks');
}

/** The same once it no longer changes: containerd takes away in the background what its garbage collection found. */
export async function settledStoreSize(engine: Pick<Engine, 'store' | 'folders'>): Promise<number> {
  let last = await storeSize(engine);
  for (let same = 0; same < 2; ) {
    await sleep(engine.store === 'containerd' ? 150 : 10);
    const now = await storeSize(engine);
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return last;
}

// --- internal ---

type Found = { inode: string; size: number; blocks: number };

async function files(root: string, path: string, all = false): Promise<Found[]> {
  const args = [root, '-path', `${root}/${path}`, ...(all ? [] : ['-type', 'f']), '-printf', '%i %s %b\n'];
  // Files vanish while they are walked through: `find` says so and goes on.
  const { stdout } = await run('find', args, { maxBuffer: 1 << 30 }).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? '',
  }));
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [inode = '', size, blocks] = line.split(' ');
      return { inode, size: Number(size), blocks: Number(blocks) * 512 };
    });
}

function bytes(found: readonly Found[], what: 'size' | 'blocks'): number {
  return [...new Map(found.map((one) => [one.inode, one])).values()].reduce((sum, one) => sum + one[what], 0);
}
