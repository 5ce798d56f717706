import { BuildCache, CachePruned, SystemDf } from './disk-shapes.ts';
import type { EngineAddress } from './engine-address.ts';
import { readRecords } from './engine-content.ts';
import type { Line } from './engine-line.ts';
import type { Engine } from './ports.ts';

export type EngineDisk = Pick<Engine, 'usage' | 'buildCache' | 'removeRecord'>;

/** From this API on the engine can weigh its build cache alone. */
const TYPED_DF = 42;

/** What is on the engine's disk besides images, and its build cache. */
export function openEngineDisk(
  { must, pinned }: Pick<Line, 'must' | 'pinned'>,
  address: EngineAddress,
  limits: { callLimitMs: number; usageLimitMs: number; removeLimitMs: number },
): EngineDisk {
  const df = { method: 'GET', path: '/system/df' } as const;
  return {
    usage: () => must(SystemDf, df, limits.usageLimitMs),

    async buildCache(required) {
      const records = await readRecords(address, limits.callLimitMs);
      if (records) return records;
      const typed = (await pinned()) >= TYPED_DF;
      if (!typed && !required) return null;
      return must(BuildCache, typed ? { ...df, query: { type: 'build-cache' } } : df, limits.usageLimitMs);
    },

    async removeRecord(id) {
      // The engine reads an ID as a regular expression.
      const filters = JSON.stringify({ id: [`^${id}$`] });
      const call = { method: 'POST', path: '/build/prune', query: { all: 1, filters } } as const;
      const { deleted, freed } = await must(CachePruned, call, limits.removeLimitMs);
      return deleted.includes(id) ? freed : null;
    },
  };
}
