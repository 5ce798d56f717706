import type { ImageId } from '../../src/domain/ids.ts';
import type { Container, Image, Inventory } from '../../src/domain/inventory.ts';
import { chainIds, historiesNeeded, weighLayers } from '../../src/domain/layers.ts';
import { familiarReference } from '../../src/domain/reference.ts';
import { eachOf } from './each.ts';
import type { Engine, RawContainer, RawImage } from './ports.ts';

/** What of an image never changes, or only with the names that it is listed under. */
type Details = {
  names: string;
  createdAt: number;
  taggedAt: number | null;
  /** When it was first listed here; 0 for what was there before us. The engine does not tell of pulls and loads. */
  firstSeenAt: number;
  chains: readonly string[];
};

/** Kept from one inventory to the next; several may be taken at once. */
export type ImageCache = {
  /** `null` before the first inventory. */
  details: Map<ImageId, Details> | null;
  histories: Map<ImageId, readonly number[]>;
};

export const openCache = (): ImageCache => ({ details: null, histories: new Map() });

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
  const earlier = cache.details;
  // Of our own: another inventory may throw out of the cache what it did not see listed.
  const known = new Map<ImageId, Details>();
  await eachOf(listing.images, WIDTH, async (raw) => {
    const cached = earlier?.get(raw.id);
    const firstSeenAt = cached?.firstSeenAt ?? (earlier ? takenAt : 0);
    const details = cached?.names === namesOf(raw) ? cached : await inspect(engine, raw, firstSeenAt);
    // What vanished since the listing is left out.
    if (details) known.set(raw.id, details);
  });
  const images = listing.images.flatMap((raw) => toImage(raw, known.get(raw.id)) ?? []);
  const histories = new Map<ImageId, readonly number[]>();
  await eachOf(historiesNeeded(images), WIDTH, async (id) => {
    const history = cache.histories.get(id) ?? (await engine.history(id));
    if (history) histories.set(id, history);
  });
  cache.details = known;
  cache.histories = histories;
  return {
    takenAt,
    images,
    containers: toContainers(listing.containers, images),
    layers: weighLayers(images, histories),
    self: ownImage(listing.containers, around.ownContainer),
  };
}

/**
 * Inspects images again whose names are as they were: the same name given once more, by a pull or a build,
 * makes an image young and shows in no list. True where something changed.
 */
export async function refresh(engine: Engine, cache: ImageCache, images: readonly Image[]): Promise<boolean> {
  let changed = false;
  await eachOf(images, WIDTH, async (image) => {
    const cached = cache.details?.get(image.id);
    const details = await inspect(engine, image, cached?.firstSeenAt ?? 0);
    if (details && details.taggedAt === cached?.taggedAt) return;
    changed = true;
    if (details) cache.details?.set(image.id, details);
    else cache.details?.delete(image.id);
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
  // The engine repeats a mount's image as it was asked for: by any spelling, or by a part of the ID.
  const mounted = (name: string) =>
    known.get(familiarReference(name) ?? name) ??
    images.find(({ id }) => /^[0-9a-f]{4,}$/.test(bare(name)) && bare(id).startsWith(bare(name)))?.id;
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

const bare = (id: string) => id.replace(/^sha256:/, '');

const namesOf = (image: { tags: readonly string[]; digests: readonly string[] }) =>
  [...image.tags, ...image.digests].join(' ');

type Listed = { id: ImageId; tags: readonly string[]; digests: readonly string[] };

async function inspect(engine: Engine, listed: Listed, firstSeenAt: number): Promise<Details | null> {
  const found = await engine.inspect(listed.id);
  if (!found) return null;
  const { createdAt, taggedAt, diffIds } = found;
  // Filed under the listed names: if they changed in between, the next listing shows it.
  return { names: namesOf(listed), createdAt, taggedAt, firstSeenAt, chains: chainIds(diffIds) };
}

function toImage(raw: RawImage, details: Details | undefined): Image | null {
  if (!details) return null;
  const { id, tags, digests, size, labels, parent } = raw;
  const createdAt = details.createdAt || raw.createdAt;
  const arrivedAt = Math.max(createdAt, details.taggedAt ?? 0, details.firstSeenAt);
  return { id, tags, digests, createdAt, arrivedAt, size, labels, parent, chains: details.chains };
}

function ownImage(containers: readonly RawContainer[], own: readonly string[]): ImageId | null {
  return containers.find(({ id }) => own.some((candidate) => id.startsWith(candidate)))?.imageId ?? null;
}
