import type { Graph } from './graph.ts';
import type { ImageId } from './ids.ts';
import type { Allowance, CacheRecord } from './inventory.ts';
import { nameOf, type Reason } from './plan.ts';
import { isIntermediate, type Picked } from './subject.ts';
import { type Holder, openTally } from './tally.ts';

/** How much of what may go is to go; `null` where there is no such bound. Bytes. */
export interface Bounds {
  wanted: number | null;
  allowance: Allowance | null;
}

/**
 * Takes the least recently used first until the goal is met, and never more than the host's limits leave; what is
 * left moves from going to kept. Returns the records of the build cache that still go.
 */
export function ration(
  world: Graph,
  picked: Picked,
  records: readonly CacheRecord[],
  { wanted, allowance }: Bounds,
): CacheRecord[] {
  if (wanted === null && allowance === null) return [...records];
  const tally = openTally(world);
  const taken = new Set<string>();
  let [images, bytes] = [0, 0];
  const left: [Candidate, Reason][] = [];
  for (const candidate of leastRecentlyUsedFirst(world, picked, records)) {
    if (!candidate.first.every((key) => taken.has(key))) continue;
    if (wanted !== null && bytes >= wanted && !candidate.follows) {
      left.push([candidate, { kind: 'goal' }]);
      continue;
    }
    const freed = candidate.holders.reduce((sum, holder) => sum + tally.release(holder), 0);
    const more = candidate.image ? 1 : 0;
    if (allowance && (images + more > allowance.images || bytes + freed > allowance.bytes)) {
      for (const holder of candidate.holders) tally.hold(holder);
      left.push([candidate, { kind: 'limit', again: allowance.again }]);
      continue;
    }
    images += more;
    bytes += freed;
    taken.add(candidate.key);
  }
  for (const [{ image }, reason] of left) {
    if (!image) continue;
    picked.going.delete(image);
    const subject = world.images.get(image);
    if (subject && !isIntermediate(world, subject)) picked.kept.set(image, reason);
  }
  return records.filter(({ id }) => taken.has(id));
}

// --- internal ---

interface Candidate {
  key: string;
  image?: ImageId;
  name: string;
  usedAt: number;
  depth: number;
  /** What must go before it: its children. */
  first: readonly string[];
  /** Goes with its last child, as an untagged parent does. */
  follows: boolean;
  /** What it takes away from the disk: its containers and itself. */
  holders: readonly Holder[];
}

/** An image was used whenever one that is built on it was, so children always come before their parents. */
function leastRecentlyUsedFirst(world: Graph, picked: Picked, records: readonly CacheRecord[]): Candidate[] {
  const candidates = [...imageCandidates(world, picked), ...cacheCandidates(records)];
  const byKey = new Map(candidates.map((one) => [one.key, one]));
  const done = new Set<string>();
  const settle = (one: Candidate): Candidate => {
    if (done.has(one.key)) return one;
    done.add(one.key);
    for (const key of one.first) {
      const child = byKey.get(key);
      if (!child) continue;
      settle(child);
      one.usedAt = Math.max(one.usedAt, child.usedAt);
      one.depth = Math.min(one.depth, child.depth - 1);
    }
    return one;
  };
  return candidates
    .map(settle)
    .sort((a, b) => a.usedAt - b.usedAt || b.depth - a.depth || (a.name < b.name ? -1 : 1));
}

function imageCandidates(world: Graph, picked: Picked): Candidate[] {
  const containers = new Map(world.containers.map((container) => [container.id, container]));
  const counted = new Set<string>();
  return [...picked.going.values()].flatMap((item): Candidate[] => {
    const image = world.images.get(item.image);
    if (!image || item.action !== 'delete') return [];
    // One that holds two of them goes, and counts, once.
    const first = item.containers.filter(({ id }) => !counted.has(id));
    for (const { id } of first) counted.add(id);
    return [
      {
        ...{ key: image.id, image: image.id, name: nameOf(item), usedAt: image.usedAt, depth: 0 },
        first: world.children.get(image.id) ?? [],
        follows: isIntermediate(world, image),
        holders: [
          ...first.flatMap(({ id }): Holder[] => {
            const container = containers.get(id);
            return container ? [{ container }] : [];
          }),
          { image: image.id },
        ],
      },
    ];
  });
}

function cacheCandidates(records: readonly CacheRecord[]): Candidate[] {
  const children = new Map<string, string[]>();
  for (const { id, parents } of records)
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), id]);
  return records.map((record) => ({
    ...{ key: record.id, name: record.id, usedAt: record.usedAt, depth: 0 },
    ...{ first: children.get(record.id) ?? [], follows: false, holders: [{ record }] },
  }));
}
