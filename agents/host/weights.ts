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
  const stored = contents ? images.map((image) => inStore(image, details.get(image.id), contents)) : images;
  const layered = stored.map((image) => ({
    ...image,
    size: image.size - contentSize(contents, details.get(image.id)),
  }));
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

/** With its content; an image that is not unpacked has layers only as blobs. */
function inStore(image: Image, details: Details | undefined, contents: ReadonlyMap<string, Blob>): Image {
  const unpacked = image.size > (details?.size ?? 0);
  return { ...image, chains: unpacked ? image.chains : [], blobs: reachable(image.id, contents).map(blobKey) };
}

function contentSize(contents: ReadonlyMap<string, Blob> | null, details: Details | undefined): number {
  return contents ? (details?.size ?? 0) : 0;
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
