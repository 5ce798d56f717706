import { createHash, randomUUID } from 'node:crypto';
import { graph } from '../../src/domain/graph.ts';
import { ImageId } from '../../src/domain/ids.ts';
import type { Inventory } from '../../src/domain/inventory.ts';
import { pathOf } from '../../src/domain/reference.ts';
import { errorField } from './log.ts';
import type { Log, Possessions, Queue } from './ports.ts';

/** Redis forgets it after ninety days, and who has not told for a day longer than this is not believed. */
const SELDOM_MS = 86_400_000;

/** Tells which images this host has, whenever that has changed: what it uses must not go from a registry. */
export type Has = {
  /** Never rejects. */
  tell(inventory: Inventory): Promise<void>;
};

export function openHas(queue: Pick<Queue, 'has' | 'told'>, log: Log): Has {
  let mine: { hash: string; mark: string } | null = null;
  let last: Promise<void> = Promise.resolve();

  /** Redis may have been set back to what was told before: only what stands there is known. */
  const isKnown = async (hash: string): Promise<boolean> => {
    if (mine?.hash !== hash) return false;
    const told = await queue.told();
    return told !== null && told.mark === mine.mark && told.ageMs < SELDOM_MS;
  };
  const tell = async (inventory: Inventory): Promise<void> => {
    try {
      const all = possessionsOf(inventory);
      const hash = hashOf(all);
      if (await isKnown(hash)) return;
      const mark = randomUUID();
      mine = null;
      await queue.has(all, mark);
      mine = { hash, mark };
    } catch (error) {
      log.warn('which images are here could not be told', errorField(error));
    }
  };
  return {
    // One after the other: the newest is told last.
    tell(inventory) {
      last = last.then(() => tell(inventory));
      return last;
    },
  };
}

// --- internal ---

/** By ID and by the digests that registries know them by; whether a container uses it, running or not. */
function possessionsOf(inventory: Inventory): Possessions {
  const { holders } = graph(inventory);
  const images = new Map<ImageId, boolean>();
  const used = new Map<string, Set<ImageId>>();
  for (const { id, digests } of inventory.images) {
    const isUsed = (holders.get(id)?.length ?? 0) > 0;
    const take = (name: string, repository?: string) => {
      const digest = ImageId.safeParse(name).data;
      if (!digest) return;
      images.set(digest, isUsed || images.get(digest) === true);
      if (isUsed && repository) used.set(repository, (used.get(repository) ?? new Set()).add(digest));
    };
    take(id);
    for (const one of digests) take(one.slice(one.indexOf('@') + 1), pathOf(one));
  }
  // One that is gone from here may be needed again, to start its container elsewhere or anew.
  for (const { missing } of inventory.containers) if (missing) images.set(missing, true);
  return { images, used };
}

function hashOf({ images, used }: Possessions): string {
  const all = [...used].map(([repository, digests]) => [repository, ...[...digests].sort()]);
  const text = JSON.stringify([[...images].sort(), all.sort()]);
  return createHash('sha256').update(text).digest('hex');
}
