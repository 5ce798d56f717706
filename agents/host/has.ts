import { createHash } from 'node:crypto';
import { graph } from '../../src/domain/graph.ts';
import { ImageId } from '../../src/domain/ids.ts';
import type { Inventory } from '../../src/domain/inventory.ts';
import { errorField } from './log.ts';
import type { Log, Queue } from './ports.ts';

/** Redis forgets it after ninety days. */
const SELDOM_MS = 86_400_000;

/** Tells which images this host has, whenever that has changed: what it uses must not go from a registry. */
export type Has = {
  /** Never rejects. */
  tell(inventory: Inventory): Promise<void>;
  /** Whatever was told is not known any more. */
  forgotten(): void;
};

export function openHas(queue: Pick<Queue, 'has'>, monotonic: () => number, log: Log): Has {
  let told: { hash: string; at: number } | null = null;
  return {
    async tell(inventory) {
      const images = imagesOf(inventory);
      const hash = createHash('sha256')
        .update(JSON.stringify([...images].sort()))
        .digest('hex');
      if (told?.hash === hash && monotonic() - told.at < SELDOM_MS) return;
      try {
        await queue.has(images);
        told = { hash, at: monotonic() };
      } catch (error) {
        told = null;
        log.warn('which images are here could not be told', errorField(error));
      }
    },
    forgotten() {
      told = null;
    },
  };
}

// --- internal ---

/** By ID and by the digests that registries know them by; whether a container uses it, running or not. */
function imagesOf(inventory: Inventory): Map<ImageId, boolean> {
  const { holders } = graph(inventory);
  const images = new Map<ImageId, boolean>();
  for (const { id, digests } of inventory.images) {
    const used = (holders.get(id)?.length ?? 0) > 0;
    for (const name of [id, ...digests.map((one) => one.slice(one.indexOf('@') + 1))]) {
      const digest = ImageId.safeParse(name).data;
      if (digest) images.set(digest, used || images.get(digest) === true);
    }
  }
  // One that is gone from here may be needed again, to start its container elsewhere or anew.
  for (const { missing } of inventory.containers) if (missing) images.set(missing, true);
  return images;
}
