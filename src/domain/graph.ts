import type { ImageId } from './ids.ts';
import { type Image, type Inventory, isRunning } from './inventory.ts';
import type { Use } from './plan.ts';

/** An inventory with its relations: who uses what, what is built on what. */
export interface Graph {
  images: ReadonlyMap<ImageId, Image>;
  children: ReadonlyMap<ImageId, readonly ImageId[]>;
  /** Only images that some container uses, running or stopped, are in it. */
  uses: ReadonlyMap<ImageId, Use[]>;
  layers: ReadonlyMap<string, number>;
  self: ImageId | null;
}

export function graph(inventory: Inventory): Graph {
  const images = new Map(inventory.images.map((image) => [image.id, image]));
  const children = new Map<ImageId, ImageId[]>();
  for (const { id, parent } of inventory.images)
    if (parent !== null && images.has(parent)) add(children, parent, id);
  const uses = new Map<ImageId, Use[]>();
  for (const container of inventory.containers) {
    const use = { container: container.name, running: isRunning(container.state) };
    const held = new Set(container.mounts);
    if (container.image !== null) held.add(container.image);
    for (const id of held) add(uses, id, use);
  }
  for (const list of uses.values()) list.sort((a, b) => (a.container < b.container ? -1 : 1));
  return { images, children, uses, layers: inventory.layers, self: inventory.self };
}

// --- internal ---

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
