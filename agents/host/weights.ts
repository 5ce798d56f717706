import type { ImageId } from '../../src/domain/ids.ts';
import type { CacheRecord, Image } from '../../src/domain/inventory.ts';
import { historiesNeeded, layerSizes, weighLayers } from '../../src/domain/layers.ts';
import { blobKey, matchRecords } from './cache-layers.ts';
import type { Details, ImageCache } from './details.ts';
import { eachOf, WIDTH } from './each.ts';
import type { Blob, Engine, RawRecord } from './ports.ts';

export type Weighed = {
  images: Image[];
  records: CacheRecord[];
  /** Bytes by chain ID, and of blobs by digest. */
  layers: Map<string, number>;
};

/**
 * Weighs all layers from the images' own sizes, and from as few histories as tell where images part. In the
 * containerd store an image's size is that of its packed content and of what is unpacked together.
 */
export async function weigh(
  engine: Pick<Engine, 'history'>,
  cache: ImageCache,
  images: readonly Image[],
  details: ReadonlyMap<ImageId, Details>,
  found: {
    contents: ReadonlyMap<string, Blob> | null;
    records: readonly RawRecord[];
    ends: readonly string[];
  },
): Promise<Weighed> {
  const { contents, records } = found;
  const stored = contents ? images.map((image) => inStore(image, contents)) : images;
  const layered = stored.flatMap((image) => {
    const size = image.size - (contents ? (details.get(image.id)?.size ?? 0) : 0);
    // One whose layers went with another image has nothing unpacked, and says nothing of what they weighed.
    return contents && size <= 0 ? [] : [{ ...image, size }];
  });
  // The engine does not tell which layers its build cache shares: sizes do, and then all of them are needed.
  const all = records.some(({ shared, size }) => shared && size > 0);
  const needed = all ? layered.map(({ id }) => id) : historiesNeeded(layered, found.ends);
  const histories = await readHistories(engine, cache, needed);
  const sizes = new Map(
    layered.flatMap((image) => {
      const each = layerSizes(image, histories.get(image.id));
      return each ? [[image.id, each] as const] : [];
    }),
  );
  const matched = matchRecords(records, stored, sizes, (id) => details.get(id)?.diffIds ?? [], contents);
  const ends = [...found.ends, ...matched.flatMap(({ chains }) => chains)];
  const layers = weighLayers(layered, histories, ends);
  for (const [digest, { size }] of contents ?? []) layers.set(blobKey(digest), size);
  return { images: [...stored], records: matched, layers };
}

// --- internal ---

/** With its content, and whether its configuration keeps the unpacked layers. */
function inStore(image: Image, contents: ReadonlyMap<string, Blob>): Image {
  const digests = reachable(image.id, contents);
  const tip = image.chains.at(-1);
  const keepsLayers = digests.some((digest) => tip !== undefined && contents.get(digest)?.unpacked === tip);
  return { ...image, keepsLayers, blobs: digests.map(blobKey) };
}

/** What the store keeps for an image, by the references that it goes by itself. */
function reachable(id: string, contents: ReadonlyMap<string, Blob>): string[] {
  const found = new Set<string>();
  const left = [id];
  for (let digest = left.pop(); digest !== undefined; digest = left.pop()) {
    const blob = contents.get(digest);
    if (!blob || found.has(digest)) continue;
    found.add(digest);
    left.push(...blob.refs);
  }
  return [...found];
}

async function readHistories(engine: Pick<Engine, 'history'>, cache: ImageCache, needed: readonly ImageId[]) {
  const histories = new Map<ImageId, readonly number[]>();
  await eachOf(needed, WIDTH, async (id) => {
    const history = cache.histories.get(id) ?? (await engine.history(id));
    if (history) histories.set(id, history);
  });
  cache.histories = histories;
  return histories;
}
