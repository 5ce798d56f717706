import type { ImageId } from '../../src/domain/ids.ts';
import type { Container, Image, Inventory } from '../../src/domain/inventory.ts';
import { chainIds, historiesNeeded, weighLayers } from '../../src/domain/layers.ts';
import { eachOf } from './each.ts';
import type { Engine, ImageDetails, Listing, RawContainer, RawImage } from './ports.ts';

/** What of images never changes, or only with their names; kept from one inventory to the next. */
export type ImageCache = {
  details: Map<
    ImageId,
    { names: string; createdAt: number; taggedAt: number | null; chains: readonly string[] }
  >;
  histories: Map<ImageId, readonly number[]>;
};

export const openCache = (): ImageCache => ({ details: new Map(), histories: new Map() });

export type Surroundings = {
  /** Full or short IDs that the container which the agent runs in may have. */
  ownContainer: readonly string[];
  now: () => number;
};

/** Images inspected at once. */
const WIDTH = 8;

/** Images and containers of the engine at this instant. Rejects with `EngineTrouble`. */
export async function takeInventory(
  engine: Engine,
  cache: ImageCache,
  around: Surroundings,
): Promise<Inventory> {
  const takenAt = around.now();
  const listing = await engine.list();
  const unknown = listing.images.filter((raw) => cache.details.get(raw.id)?.names !== namesOf(raw));
  const gone = new Set<ImageId>();
  await eachOf(unknown, WIDTH, async (raw) => {
    const details = await engine.inspect(raw.id);
    if (details) remember(cache, details);
    else gone.add(raw.id);
  });
  forget(cache, listing);
  const images = listing.images.filter(({ id }) => !gone.has(id)).map((raw) => toImage(raw, cache));
  await eachOf(historiesNeeded(images), WIDTH, async (id) => {
    if (cache.histories.has(id)) return;
    const history = await engine.history(id);
    if (history) cache.histories.set(id, history);
  });
  return {
    takenAt,
    images,
    containers: toContainers(listing.containers, images),
    layers: weighLayers(images, cache.histories),
    self: ownImage(listing.containers, around.ownContainer),
  };
}

/**
 * Inspects images again whose names are as they were: the same name given once more, by a pull or a build,
 * makes an image young and shows in no list. True where something changed.
 */
export async function refresh(engine: Engine, cache: ImageCache, ids: readonly ImageId[]): Promise<boolean> {
  let changed = false;
  await eachOf(ids, WIDTH, async (id) => {
    const details = await engine.inspect(id);
    if (!details || cache.details.get(id)?.taggedAt !== details.taggedAt) changed = true;
    if (details) remember(cache, details);
  });
  return changed;
}

/** Containers with the images that they hold, of which `images` may be held by a mount. */
export function toContainers(
  containers: readonly RawContainer[],
  images: readonly { id: ImageId; tags: readonly string[]; digests: readonly string[] }[],
): Container[] {
  const known = new Map<string, ImageId>();
  for (const { id, tags, digests } of images)
    for (const name of [id, ...tags, ...digests]) known.set(name, id);
  const mounted = (name: string) => known.get(name) ?? known.get(`${name}:latest`);
  return containers.map(({ id, name, imageId, state, labels, mounts }) => ({
    id,
    name,
    image: imageId !== null && known.has(imageId) ? imageId : null,
    state,
    labels,
    mounts: [...new Set(mounts.flatMap((mount) => mounted(mount) ?? []))],
  }));
}

// --- internal ---

const namesOf = (image: { tags: readonly string[]; digests: readonly string[] }) =>
  [...image.tags, ...image.digests].join(' ');

function remember(cache: ImageCache, details: ImageDetails): void {
  const { id, createdAt, taggedAt, diffIds } = details;
  cache.details.set(id, { names: namesOf(details), createdAt, taggedAt, chains: chainIds(diffIds) });
}

function forget(cache: ImageCache, { images }: Listing): void {
  const listed = new Set(images.map(({ id }) => id));
  for (const map of [cache.details, cache.histories])
    for (const id of map.keys()) if (!listed.has(id)) map.delete(id);
}

function toImage(raw: RawImage, cache: ImageCache): Image {
  const { id, tags, digests, size, labels, parent } = raw;
  const details = cache.details.get(id);
  const createdAt = details?.createdAt || raw.createdAt;
  const arrivedAt = Math.max(createdAt, details?.taggedAt ?? 0);
  return { id, tags, digests, createdAt, arrivedAt, size, labels, parent, chains: details?.chains ?? [] };
}

function ownImage(containers: readonly RawContainer[], own: readonly string[]): ImageId | null {
  return containers.find(({ id }) => own.some((candidate) => id.startsWith(candidate)))?.imageId ?? null;
}
