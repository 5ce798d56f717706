import type { CacheRecord } from './inventory.ts';
import type { Rules } from './rules.ts';
import type { PruneSelection } from './selection.ts';
import { cutoff } from './time.ts';

/**
 * Records of the build cache that `--build-cache` means: those that nothing uses, by their own dates; without `--all`
 * only those that are no image's layer and not the builder's own. A record is kept by any that is made of it.
 * Children before their parents. `now` in milliseconds.
 */
export function pickCache(
  cache: readonly CacheRecord[],
  selection: PruneSelection,
  rules: Rules,
  now: number,
): CacheRecord[] {
  const { all, until, unusedSince } = selection;
  const meant = (record: CacheRecord) =>
    !record.inUse &&
    // The host's grace: a build that is about to go on has just used its cache.
    now - record.usedAt >= rules.minAge &&
    (all || !(record.shared || record.internal)) &&
    !(until && record.createdAt > cutoff(until, now)) &&
    !(unusedSince && record.usedAt > cutoff(unusedSince, now));
  const going = new Map(cache.filter(meant).map((record) => [record.id, record]));
  const staying = cache.filter(({ id }) => !going.has(id));
  for (let record = staying.pop(); record; record = staying.pop())
    for (const id of record.parents) {
      const parent = going.get(id);
      if (!parent) continue;
      going.delete(id);
      staying.push(parent);
    }
  return childrenFirst([...going.values()]);
}

// --- internal ---

function childrenFirst(records: readonly CacheRecord[]): CacheRecord[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  const depths = new Map<string, number>();
  const depth = ({ id, parents }: CacheRecord): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    // Against a circle, which no engine makes.
    depths.set(id, 0);
    const own = Math.max(
      0,
      ...parents.map((parent) => 1 + (byId.has(parent) ? depth(byId.get(parent) as CacheRecord) : 0)),
    );
    depths.set(id, own);
    return own;
  };
  return [...records].sort((a, b) => depth(b) - depth(a) || (a.id < b.id ? -1 : 1));
}
