import type { ImageId } from '../../src/domain/ids.ts';
import type { Image } from '../../src/domain/inventory.ts';
import { chainIds } from '../../src/domain/layers.ts';
import { eachOf, WIDTH } from './each.ts';
import type { LastUsed } from './last-used.ts';
import type { Engine, RawImage } from './ports.ts';

/** What of an image never changes, or only with the names that it is listed under. */
export type Details = {
  listed: string;
  /** The containerd store lists those of one repository only. */
  digests: readonly string[];
  createdAt: number;
  taggedAt: number | null;
  diffIds: readonly string[];
  chains: readonly string[];
  /** As in `ImageDetails`. */
  size: number;
  /** The watch's connection during which it was read; `null` while nothing was heard. */
  heard: number | null;
};

/** Kept from one inventory to the next; several may be taken at once. */
export type ImageCache = {
  details: Map<ImageId, Details>;
  histories: Map<ImageId, readonly number[]>;
  /** Layers by the folder of the engine that holds their files, and the images that were looked into for it. */
  folders: { chains: Map<string, string>; images: Set<ImageId> };
};

export const openCache = (): ImageCache => ({
  details: new Map(),
  histories: new Map(),
  folders: { chains: new Map(), images: new Set() },
});

type Listed = Pick<RawImage, 'id' | 'tags' | 'digests'>;

/** Details of the listed images, from the cache where their names are as they were; what vanished is left out. */
export async function detailsOf(
  engine: Pick<Engine, 'inspect'>,
  cache: ImageCache,
  listed: readonly Listed[],
  heard: number | null,
): Promise<Map<ImageId, Details>> {
  // Of our own: another inventory may throw out of the cache what it did not see listed.
  const known = new Map<ImageId, Details>();
  await eachOf(listed, WIDTH, async (raw) => {
    const cached = cache.details.get(raw.id);
    const details = cached?.listed === namesOf(raw) ? cached : await inspect(engine, raw, heard);
    if (details) known.set(raw.id, details);
  });
  cache.details = known;
  return known;
}

/**
 * Inspects images again whose names are as they were: the same name given once more, by a pull or a build,
 * makes an image young and shows in no list. Those read while events were heard, as now, need it no more: their
 * events are known. True where something changed.
 */
export async function refresh(
  engine: Pick<Engine, 'inspect'>,
  cache: ImageCache,
  images: readonly Listed[],
  heard: number | null,
): Promise<boolean> {
  let changed = false;
  const unsure = images.filter(({ id }) => {
    const known = cache.details.get(id);
    return !known || known.heard === null || known.heard !== heard;
  });
  await eachOf(unsure, WIDTH, async (image) => {
    const cached = cache.details.get(image.id);
    const details = await inspect(engine, image, heard);
    if (details) cache.details.set(image.id, { ...details, listed: cached?.listed ?? details.listed });
    else cache.details.delete(image.id);
    if (details?.taggedAt !== cached?.taggedAt) changed = true;
  });
  return changed;
}

/** The image as it is judged, of what is listed, inspected, and remembered of it. */
export function toImage(raw: RawImage, details: Details, lastUsed: LastUsed): Image {
  const { id, tags, size, labels, parent } = raw;
  const createdAt = details.createdAt || raw.createdAt;
  const traces = lastUsed.of(id);
  const taggedAt = details.taggedAt ?? 0;
  return {
    ...{ id, tags, size, labels, parent, createdAt },
    digests: [...new Set([...raw.digests, ...details.digests])].sort(),
    arrivedAt: Math.max(createdAt, taggedAt, traces.arrivedAt),
    usedAt: Math.max(traces.usedAt, taggedAt),
    chains: details.chains,
    keepsLayers: true,
    blobs: [],
  };
}

// --- internal ---

const namesOf = ({ tags, digests }: Listed) => [...tags, ...digests].join(' ');

async function inspect(
  engine: Pick<Engine, 'inspect'>,
  raw: Listed,
  heard: number | null,
): Promise<Details | null> {
  const found = await engine.inspect(raw.id);
  if (!found) return null;
  const { createdAt, taggedAt, diffIds, digests, size } = found;
  // Filed under the listed names: if they changed in between, the next listing shows it.
  return {
    listed: namesOf(raw),
    digests,
    createdAt,
    taggedAt,
    diffIds,
    chains: chainIds(diffIds),
    size,
    heard,
  };
}
