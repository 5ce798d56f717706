import type { Graph } from './graph.ts';
import type { ImageId } from './ids.ts';
import type { CacheRecord, Container } from './inventory.ts';
import { type Item, nameOf } from './plan.ts';
import { isIntermediate, type Picked } from './subject.ts';
import type { Holder } from './tally.ts';

/** Something that may go: an image with its containers, or a record of the build cache. */
export interface Candidate {
  key: string;
  image?: ImageId;
  name: string;
  usedAt: number;
  depth: number;
  /** Its children, which go before it. */
  children: readonly string[];
  /** All that goes before it: its children, and the images that its containers were made of. */
  first: readonly string[];
  /** Goes with its last child, as an untagged parent does. */
  follows: boolean;
  containers: readonly Container[];
  self: Holder;
}

/** An image was used whenever one that is built on it was, so children always come before their parents. */
export function leastRecentlyUsedFirst(
  world: Graph,
  picked: Picked,
  records: readonly CacheRecord[],
): Candidate[] {
  const candidates = [...imageCandidates(world, picked), ...cacheCandidates(records)];
  const byKey = new Map(candidates.map((one) => [one.key, one]));
  const done = new Set<string>();
  const settle = (one: Candidate): Candidate => {
    if (done.has(one.key)) return one;
    done.add(one.key);
    for (const key of one.first) {
      const before = byKey.get(key);
      if (!before) continue;
      settle(before);
      one.usedAt = Math.max(one.usedAt, before.usedAt);
      one.depth = Math.min(one.depth, before.depth - 1);
    }
    return one;
  };
  return candidates
    .map(settle)
    .sort((a, b) => a.usedAt - b.usedAt || b.depth - a.depth || (a.name < b.name ? -1 : 1));
}

// --- internal ---

function imageCandidates(world: Graph, picked: Picked): Candidate[] {
  const byId = new Map(world.containers.map((container) => [container.id, container]));
  const candidate = (item: Item): Candidate[] => {
    const image = world.images.get(item.image);
    if (!image || item.action !== 'delete') return [];
    const { id, usedAt } = image;
    const children = world.children.get(id) ?? [];
    const containers = item.containers.flatMap((one) => byId.get(one.id) ?? []);
    const madeOf = containers.flatMap((container) => container.image ?? []).filter((other) => other !== id);
    return [
      {
        ...{ key: id, image: id, name: nameOf(item), usedAt, depth: 0, children, containers },
        ...{ first: [...new Set([...children, ...madeOf])], follows: isIntermediate(world, image) },
        self: { image: id },
      },
    ];
  };
  return [...picked.going.values()].flatMap(candidate);
}

function cacheCandidates(records: readonly CacheRecord[]): Candidate[] {
  const madeOf = new Map<string, string[]>();
  for (const { id, parents } of records)
    for (const parent of parents) madeOf.set(parent, [...(madeOf.get(parent) ?? []), id]);
  return records.map((record): Candidate => {
    const { id, usedAt } = record;
    const children = madeOf.get(id) ?? [];
    return {
      ...{ key: id, name: id, usedAt, depth: 0, children, first: children },
      ...{ follows: false, containers: [], self: { record } },
    };
  });
}
