import { sha256 } from './hash.ts';
import type { ImageId } from './ids.ts';

/** What is needed to weigh layers: an image's own size and its chain IDs, lowest first. */
export interface Layered {
  id: ImageId;
  size: number;
  chains: readonly string[];
}

/**
 * Chain IDs of a list of diff IDs: each is the hash of the one below and its own diff ID, so equal chain
 * IDs mean the same layers on the same base (OCI image spec, "Layer ChainID").
 */
export function chainIds(diffIds: readonly string[]): string[] {
  let chain: string | undefined;
  return diffIds.map((diff) => {
    chain = chain === undefined ? diff : sha256(`${chain} ${diff}`);
    return chain;
  });
}

/**
 * The images whose history must be read before all layers can be weighed: one for each place where
 * images part and no image ends, or where something else `ends` that holds layers. Everywhere else the images' own
 * sizes tell. The same images of equal lists, in whatever order: what was read of them once is remembered.
 */
export function historiesNeeded(images: readonly Layered[], ends: readonly string[] = []): ImageId[] {
  const tree = grow(images, ends);
  const needed = new Set<ImageId>();
  for (const layer of tree.values()) {
    if (layer.total !== null || !layer.parts) continue;
    if (layer.through.some((id) => needed.has(id))) continue;
    const [first] = [...layer.through].sort();
    if (first !== undefined) needed.add(first);
  }
  return [...needed];
}

/**
 * Bytes of each layer by chain ID. A layer that never parts from the next one up weighs nothing and the
 * upper one weighs both, which makes every sum over whole images right. `histories` holds an image's
 * layer sizes as the engine's history lists them, oldest first. Where a parting can't be weighed the
 * shared part is taken as large as it can be, so that a reclaim is never promised too high.
 */
export function weighLayers(
  images: readonly Layered[],
  histories: ReadonlyMap<ImageId, readonly number[]> = new Map(),
  ends: readonly string[] = [],
): Map<string, number> {
  const tree = grow(images, ends);
  for (const image of images) {
    const sizes = layerSizes(image, histories.get(image.id));
    if (!sizes) continue;
    let total = 0;
    image.chains.forEach((chain, i) => {
      total += sizes[i] ?? 0;
      const layer = tree.get(chain);
      if (layer && layer.total === null && layer.parts) layer.total = total;
    });
  }
  const bytes = new Map<string, number>();
  // Chains were added lowest first, so a layer's parent is always weighed before it.
  const below = new Map<string, number>();
  for (const [chain, layer] of tree) {
    const base = layer.parent === null ? 0 : (below.get(layer.parent) ?? 0);
    const total = layer.total ?? (layer.parts ? Math.max(base, layer.least) : base);
    bytes.set(chain, Math.max(0, total - base));
    below.set(chain, Math.max(base, total));
  }
  return bytes;
}

/**
 * Bytes of an image's layers, lowest first, from its history, oldest first; `null` where the two don't match. History
 * entries without a layer have size 0; so may real layers, and then only the sum can tell.
 */
export function layerSizes(image: Layered, history: readonly number[] | undefined): readonly number[] | null {
  if (!history || history.reduce((a, b) => a + b, 0) !== image.size) return null;
  if (history.length === image.chains.length) return history;
  const sized = history.filter((n) => n > 0);
  return sized.length === image.chains.length ? sized : null;
}

// --- internal ---

interface Layer {
  parent: string | null;
  children: Set<string>;
  /** Whether it must be known apart from what is above it. */
  parts: boolean;
  /** Bytes up to and with this layer, where known. */
  total: number | null;
  /** The smallest image that has this layer. */
  least: number;
  through: ImageId[];
}

function grow(images: readonly Layered[], ends: readonly string[]): Map<string, Layer> {
  const cut = new Set(ends);
  const tree = new Map<string, Layer>();
  for (const image of images) {
    let parent: string | null = null;
    for (const chain of image.chains) {
      let layer = tree.get(chain);
      if (!layer) {
        layer = {
          parent,
          children: new Set(),
          parts: cut.has(chain),
          total: null,
          least: image.size,
          through: [],
        };
        tree.set(chain, layer);
      }
      layer.least = Math.min(layer.least, image.size);
      layer.through.push(image.id);
      const below = parent === null ? undefined : tree.get(parent);
      below?.children.add(chain);
      if (below && below.children.size > 1) below.parts = true;
      parent = chain;
    }
    const tip = parent === null ? undefined : tree.get(parent);
    if (tip) tip.total = image.size;
  }
  return tree;
}
