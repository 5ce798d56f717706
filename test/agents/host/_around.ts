import type { Surroundings } from '../../../agents/host/inventory.ts';
import type { LastUsed } from '../../../agents/host/last-used.ts';
import type { Ledger } from '../../../agents/host/ledger.ts';
import type { Notes } from '../../../agents/host/notes.ts';
import type { ImageId } from '../../../src/domain/ids.ts';

/** A record of last uses in memory, by the same rules. */
export function memoryLastUsed(): LastUsed {
  const traces = new Map<ImageId, { arrivedAt: number; usedAt: number }>();
  let seen = false;
  const touch = (id: ImageId, arrivedAt: number, usedAt: number) => {
    const known = traces.get(id) ?? { arrivedAt: 0, usedAt: 0 };
    traces.set(id, {
      arrivedAt: Math.max(known.arrivedAt, arrivedAt),
      usedAt: Math.max(known.usedAt, usedAt),
    });
  };
  return {
    of: (id) => traces.get(id) ?? { arrivedAt: 0, usedAt: 0 },
    saw(listed, running, now) {
      for (const id of listed) if (!traces.has(id)) touch(id, seen ? now : 0, now);
      for (const id of running) touch(id, 0, now);
      seen = true;
    },
    used: (id, at) => touch(id, 0, at),
    arrived: (id, at) => touch(id, at, at),
    heardUntil: () => null,
    heard() {},
    save: async () => {},
  };
}

/** No watch, no limits, no disk. */
export const plainAround = (more: Partial<Surroundings> = {}): Surroundings => ({
  ownContainer: [],
  now: Date.now,
  lastUsed: memoryLastUsed(),
  settled: async () => null,
  allowance: () => null,
  readDisk: async () => null,
  ...more,
});

export const noLimits: Ledger = {
  left: () => null,
  take: async () => ({ n: 0, at: 0, images: 0, bytes: 0 }),
  giveBack: async () => {},
};

/** An execution that no next start will know of. */
export const noNotes: Notes = {
  begin: async () => null,
  tried: async () => null,
  end: async () => {},
  beginCache: async () => null,
  freed() {},
};
