import { type Candidate, leastRecentlyUsedFirst } from './candidates.ts';
import { type Graph, usesOf } from './graph.ts';
import type { Allowance, CacheRecord, Container } from './inventory.ts';
import type { Reason } from './plan.ts';
import { isIntermediate, type Picked } from './subject.ts';
import { type Holder, openTally } from './tally.ts';

/** How much of what may go is to go; `null` where there is no such bound. Bytes. */
export interface Bounds {
  wanted: number | null;
  allowance: Allowance | null;
}

/**
 * Takes the least recently used first until the goal is met, and never more than the host's limits leave; what is
 * left moves from going to kept. Untagged parents go along with their last child. Returns the records of the build
 * cache that still go. `now` in milliseconds.
 */
export function ration(
  world: Graph,
  picked: Picked,
  records: readonly CacheRecord[],
  { wanted, allowance }: Bounds,
  now: number,
): CacheRecord[] {
  if (wanted === null && allowance === null) return [...records];
  const tally = openTally(world);
  const candidates = leastRecentlyUsedFirst(world, picked, records);
  const dependents = dependentsOf(candidates);
  const taken = new Set<string>();
  const removed = new Set<Container>();
  const left = new Map<Candidate, Reason>();
  let [images, bytes] = [0, 0];
  const isReady = ({ first }: Candidate) => first.every((key) => taken.has(key));
  const take = (candidate: Candidate): void => {
    // A container that holds several of them goes, and counts, once.
    const containers = candidate.containers.filter((container) => !removed.has(container));
    const holders: Holder[] = [...containers.map((container) => ({ container })), candidate.self];
    const freed = holders.reduce((sum, holder) => sum + tally.release(holder), 0);
    const more = candidate.image ? 1 : 0;
    if (allowance && (images + more > allowance.images || bytes + freed > allowance.bytes)) {
      for (const holder of holders) tally.hold(holder);
      left.set(candidate, { kind: 'limit', again: allowance.again });
      return;
    }
    images += more;
    bytes += freed;
    taken.add(candidate.key);
    for (const container of containers) removed.add(container);
    for (const one of dependents.get(candidate.key) ?? []) if (one.follows && isReady(one)) take(one);
  };
  for (const candidate of candidates) {
    if (candidate.follows || !isReady(candidate)) continue;
    if (wanted !== null && bytes >= wanted) left.set(candidate, { kind: 'goal' });
    else take(candidate);
  }
  // Containers of two images that hold each other's: neither can be the first.
  for (const one of candidates)
    if (one.image && !taken.has(one.key) && !left.has(one) && one.children.every((key) => taken.has(key)))
      left.set(one, { kind: 'in-use', by: usesOf(world, one.image, now) });
  for (const [{ image }, reason] of left) {
    if (!image) continue;
    picked.going.delete(image);
    const subject = world.images.get(image);
    if (subject && !isIntermediate(world, subject)) picked.kept.set(image, reason);
  }
  return records.filter(({ id }) => taken.has(id));
}

// --- internal ---

/** Who waits for whom: the candidates by what must go before them. */
function dependentsOf(candidates: readonly Candidate[]): ReadonlyMap<string, readonly Candidate[]> {
  const dependents = new Map<string, Candidate[]>();
  for (const one of candidates)
    for (const key of one.first) {
      const list = dependents.get(key);
      if (list) list.push(one);
      else dependents.set(key, [one]);
    }
  return dependents;
}
