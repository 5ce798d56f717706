import type { ImageId } from './ids.ts';
import { type CacheRecord, type Container, type Image, type Inventory, isRunning } from './inventory.ts';
import type { Use } from './plan.ts';

/** An inventory with its relations: who uses what, what is built on what. */
export interface Graph {
  images: ReadonlyMap<ImageId, Image>;
  children: ReadonlyMap<ImageId, readonly ImageId[]>;
  /** Only images that some container uses, running or stopped, are in it; by the container's name. */
  holders: ReadonlyMap<ImageId, readonly Container[]>;
  containers: readonly Container[];
  cache: readonly CacheRecord[];
  layers: ReadonlyMap<string, number>;
  self: ImageId | null;
}

export function graph(inventory: Inventory): Graph {
  const images = new Map(inventory.images.map((image) => [image.id, image]));
  const children = new Map<ImageId, ImageId[]>();
  for (const { id, parent } of inventory.images)
    if (parent !== null && images.has(parent)) add(children, parent, id);
  const holders = new Map<ImageId, Container[]>();
  for (const container of inventory.containers)
    for (const id of heldBy(container)) add(holders, id, container);
  for (const list of holders.values()) list.sort((a, b) => (a.name < b.name ? -1 : 1));
  const { containers, layers, self } = inventory;
  return { images, children, holders, containers, cache: inventory.cache ?? [], layers, self };
}

/** Images that a container needs: the one it was made of, and those mounted into it. */
export function heldBy({ image, mounts }: Container): ReadonlySet<ImageId> {
  return new Set(image === null ? mounts : [image, ...mounts]);
}

/** Containers that use an image, as people are shown them. `now` in milliseconds, for how long they have stopped. */
export function usesOf(world: Graph, id: ImageId, now: number): Use[] {
  return (world.holders.get(id) ?? []).map(
    ({ name, state, stoppedAt }): Use => ({
      container: name,
      running: isRunning(state),
      ...(stoppedAt !== null && { stoppedFor: Math.max(0, now - stoppedAt) }),
    }),
  );
}

// --- internal ---

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
