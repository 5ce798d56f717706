import type { ImageId } from '../../src/domain/ids.ts';
import type { CacheRecord, Image } from '../../src/domain/inventory.ts';
import type { Blob, RawRecord } from './ports.ts';

/** A lowest layer that is not packed has the digest that is its chain ID as well, and yet is there twice. */
export const blobKey = (digest: string): string => `blob ${digest}`;

/**
 * Finds the layers that the build cache shares with images. The engine only says that a record is shared; which layer
 * it is follows from its size and its place above its parents. Where two layers fit, both count as held, so that a
 * reclaim is never promised too high. `sizes` holds each image's layers, lowest first, where they are known.
 */
export function matchRecords(
  records: readonly RawRecord[],
  images: readonly Image[],
  sizes: ReadonlyMap<ImageId, readonly number[]>,
  diffIds: (id: ImageId) => readonly string[],
  contents: ReadonlyMap<string, Blob> | null,
): CacheRecord[] {
  const shared = records.filter((record) => record.shared);
  const found = contents
    ? blobsOf(shared, images, sizes, diffIds, contents)
    : layersOf(shared, images, sizes, new Map(records.map((record) => [record.id, record])));
  return records.map((record) => {
    const { chains = [], bytes = 0 } = found.get(record.id) ?? {};
    return { ...record, chains, own: record.shared ? Math.max(0, record.size - bytes) : record.size };
  });
}

// --- internal ---

type Found = Map<string, { chains: string[]; bytes: number }>;

/** On a graph driver the record is the layer itself, above the layer that its parent is. */
function layersOf(
  shared: readonly RawRecord[],
  images: readonly Image[],
  sizes: ReadonlyMap<ImageId, readonly number[]>,
  byId: ReadonlyMap<string, RawRecord>,
): Found {
  const tips = new Map<string, Set<string>>();
  const tipsOf = (record: RawRecord): Set<string> => {
    const known = tips.get(record.id);
    if (known) return known;
    const fits = new Set<string>();
    tips.set(record.id, fits);
    const below = new Set(
      record.parents.flatMap((id) => [...(byId.get(id) ? tipsOf(byId.get(id) as RawRecord) : [])]),
    );
    for (const image of images)
      for (const [i, chain] of image.chains.entries()) {
        const under = image.chains[i - 1];
        const inPlace =
          record.parents.length === 0 ? under === undefined : under !== undefined && below.has(under);
        if (sizes.get(image.id)?.[i] === record.size && inPlace) fits.add(chain);
      }
    return fits;
  };
  const found: Found = new Map();
  for (const record of shared) {
    const fits = tipsOf(record);
    const chains = images.flatMap((image) => {
      const tip = image.chains.findLastIndex((chain) => fits.has(chain));
      return image.chains.slice(0, tip + 1);
    });
    // All of it is the images': the engine says that it is shared, wherever that may be.
    found.set(record.id, { chains: [...new Set(chains)], bytes: record.size });
  }
  return found;
}

/** In the containerd store it shares the packed layer, and has what is unpacked for itself. */
function blobsOf(
  shared: readonly RawRecord[],
  images: readonly Image[],
  sizes: ReadonlyMap<ImageId, readonly number[]>,
  diffIds: (id: ImageId) => readonly string[],
  contents: ReadonlyMap<string, Blob>,
): Found {
  const packed = new Map<string, { key: string; bytes: number }>();
  for (const [digest, { diffId, size }] of contents)
    if (diffId !== null) packed.set(diffId, { key: blobKey(digest), bytes: size });
  const bySize = new Map<number, Map<string, number>>();
  for (const image of images)
    for (const [i, diffId] of diffIds(image.id).entries()) {
      const blob = packed.get(diffId);
      const unpacked = sizes.get(image.id)?.[i];
      if (!blob || unpacked === undefined || !image.blobs.includes(blob.key)) continue;
      const total = blob.bytes + unpacked;
      bySize.set(total, (bySize.get(total) ?? new Map()).set(blob.key, blob.bytes));
    }
  return new Map(
    shared.map((record) => {
      const fits = bySize.get(record.size) ?? new Map<string, number>();
      return [record.id, { chains: [...fits.keys()], bytes: Math.max(0, ...fits.values()) }];
    }),
  );
}
