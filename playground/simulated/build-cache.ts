import { randomBytes } from 'node:crypto';
import type { Images } from './images.ts';
import type { Layers } from './layers.ts';

/** What a build left to be used again. */
export type CacheRecord = {
  readonly id: string;
  /** The record that this one lies on. */
  readonly parent: string | null;
  readonly type: string;
  readonly description: string;
  readonly size: number;
  /** The layer that it is; images may have the same one. */
  readonly chain: string | null;
  readonly createdAt: Date;
  lastUsedAt: Date | null;
  usageCount: number;
  /** A build is using it. */
  inUse: boolean;
};

export type NewCacheRecord = Pick<CacheRecord, 'description' | 'size'> & Partial<CacheRecord>;

export type BuildCache = {
  all(): readonly CacheRecord[];
  /** The record of a layer. */
  ofLayer(chain: string): CacheRecord | undefined;
  add(record: NewCacheRecord): CacheRecord;
  /** Used once more. */
  use(record: CacheRecord): void;
  /** Whether an image has the layer too. */
  isShared(record: CacheRecord): boolean;
  /** Whether it lies under another record, which keeps it. */
  isBelow(record: CacheRecord): boolean;
  remove(record: CacheRecord): void;
};

export function createBuildCache(layers: Layers, images: Images): BuildCache {
  const records = new Map<string, CacheRecord>();
  return {
    all: () => [...records.values()],
    ofLayer: (chain) => [...records.values()].find((record) => record.chain === chain),
    add(given) {
      const now = new Date();
      const record: CacheRecord = {
        ...{ id: randomRecordId(), parent: null, type: 'regular', chain: null },
        ...{ createdAt: now, lastUsedAt: now, usageCount: 1, inUse: false },
        ...given,
      };
      records.set(record.id, record);
      layers.hold(record.chain);
      return record;
    },
    use(record) {
      record.usageCount++;
      record.lastUsedAt = new Date();
    },
    isShared({ chain }) {
      if (chain === null) return false;
      for (const { chains } of images.all()) if (chains.includes(chain)) return true;
      return false;
    },
    isBelow: ({ id }) => [...records.values()].some(({ parent }) => parent === id),
    remove({ id, chain }) {
      if (records.delete(id)) layers.release(chain);
    },
  };
}

// --- internal ---

/** 25 digits to the base of 36, as BuildKit makes them. */
function randomRecordId(): string {
  const number = BigInt(`0x${randomBytes(17).toString('hex')}`);
  return number.toString(36).padStart(25, '0').slice(0, 25);
}
