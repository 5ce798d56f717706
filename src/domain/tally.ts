import { type Graph, heldBy } from './graph.ts';
import type { ImageId } from './ids.ts';
import type { CacheRecord, Container } from './inventory.ts';

/**
 * Who holds which layers and blobs. A layer is freed when its last holder goes: an image, a container on it, or a
 * record of the build cache.
 */
export interface Tally {
  /** Bytes that the disk gets back when this holder goes now, after all that went before. */
  release(holder: Holder): number;
  /** Takes a release back. */
  hold(holder: Holder): void;
}
export type Holder = { image: ImageId } | { container: Container } | { record: CacheRecord };

export function openTally(world: Graph): Tally {
  const counts = new Map<string, number>();
  const chainsOf = (id: ImageId) => world.images.get(id)?.chains ?? [];
  const piecesOf = (id: ImageId): readonly string[] => {
    const image = world.images.get(id);
    if (!image) return [];
    const chains = image.keepsLayers ? image.chains : [];
    return image.blobs.length === 0 ? chains : [...chains, ...image.blobs];
  };
  /** Its layers and blobs, and the bytes that nobody else can have. */
  const load = (holder: Holder): { pieces: Iterable<string>; own: number } => {
    if ('image' in holder) return { pieces: piecesOf(holder.image), own: 0 };
    if ('container' in holder) {
      const { container } = holder;
      return { pieces: containerLayers(container, chainsOf), own: container.size };
    }
    return { pieces: holder.record.chains, own: holder.record.own };
  };
  const change = (holder: Holder, by: 1 | -1): number => {
    const { pieces, own } = load(holder);
    let freed = own;
    for (const piece of pieces) {
      const count = (counts.get(piece) ?? 0) + by;
      counts.set(piece, count);
      if (count === 0) freed += world.layers.get(piece) ?? 0;
    }
    return freed;
  };
  for (const { id } of world.images.values()) change({ image: id }, 1);
  for (const container of world.containers) change({ container }, 1);
  for (const record of world.cache) change({ record }, 1);
  return {
    release: (holder) => change(holder, -1),
    hold: (holder) => void change(holder, 1),
  };
}

// --- internal ---

function containerLayers(container: Container, chainsOf: (id: ImageId) => readonly string[]): Set<string> {
  return new Set([...container.chains, ...[...heldBy(container)].flatMap(chainsOf)]);
}
