import { pickCache } from './cache.ts';
import { wantedBytes } from './goal.ts';
import { type Graph, graph } from './graph.ts';
import type { HostName, ImageId } from './ids.ts';
import type { CacheRecord, Inventory } from './inventory.ts';
import { type CacheItem, type Item, nameOf, type Plan, planDigest } from './plan.ts';
import { pickPrune } from './prune.ts';
import { ration } from './ration.ts';
import { pickRmi } from './rmi.ts';
import type { Rules } from './rules.ts';
import type { Selection } from './selection.ts';
import { settle } from './settle.ts';
import { keep, type Picked } from './subject.ts';
import { openTally } from './tally.ts';

/**
 * The plan: what of `inventory` goes by `selection`, what stays, and why. Any keep-rule wins over every
 * remove-rule. `now` in milliseconds. Pure; runs in the agent and in tests alike.
 */
export function choose(
  host: HostName,
  inventory: Inventory,
  selection: Selection,
  rules: Rules,
  now: number,
): Plan {
  const world = graph(inventory);
  const picked =
    selection.kind === 'prune'
      ? pickPrune(world, selection, rules, now)
      : pickRmi(world, selection, rules, now);
  let records = cacheOf(world, selection, rules, picked, now);
  settle(world, picked, now);
  let wanted: number | null = null;
  if (selection.kind === 'prune' && selection.goal) {
    const goal = wantedBytes(selection.goal, inventory.disk);
    if (typeof goal === 'number') wanted = goal;
    else {
      picked.problems.push(goal);
      picked.going.clear();
      records = [];
    }
  }
  records = ration(world, picked, records, { wanted, allowance: inventory.allowance }, now);
  settle(world, picked, now);
  const { items, cache } = weigh(world, order(world, [...picked.going.values()]), records);
  const reclaim = [...items, ...cache].reduce((sum, one) => sum + one.reclaim, 0);
  if (wanted !== null && reclaim < wanted)
    picked.problems.push({ kind: 'goal-missed', wanted, reached: reclaim });
  return {
    host,
    takenAt: inventory.takenAt,
    items,
    kept: kept(world, picked, now),
    cache,
    problems: picked.problems,
    reclaim,
    digest: planDigest(host, items, cache),
  };
}

// --- internal ---

function cacheOf(
  world: Graph,
  selection: Selection,
  rules: Rules,
  picked: Picked,
  now: number,
): CacheRecord[] {
  if (selection.kind !== 'prune' || !selection.buildCache) return [];
  if (rules.allow.buildCache) return pickCache(world.cache, selection, rules, now);
  picked.problems.push({ kind: 'not-allowed', what: 'build-cache' });
  return [];
}

/** Children before parents; otherwise by name, so that equal inventories give equal plans. */
function order(world: Graph, items: Item[]): Item[] {
  const depth = (id: ImageId): number => {
    const parent = world.images.get(id)?.parent;
    return parent ? 1 + depth(parent) : 0;
  };
  return items
    .map((item) => ({ item, depth: depth(item.image), name: nameOf(item) }))
    .sort((a, b) => b.depth - a.depth || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ item }) => item);
}

/** In the order of execution: a layer is freed with the last that holds it. */
function weigh(world: Graph, items: readonly Item[], records: readonly CacheRecord[]) {
  const tally = openTally(world);
  const containers = new Map(world.containers.map((container) => [container.id, container]));
  const weighed = items.map((item): Item => {
    if (item.action !== 'delete') return item;
    let reclaim = 0;
    for (const { id } of item.containers) {
      const container = containers.get(id);
      // One that holds two of them goes once.
      if (container && containers.delete(id)) reclaim += tally.release({ container });
    }
    return { ...item, reclaim: reclaim + tally.release({ image: item.image }) };
  });
  const cache = records.map((record): CacheItem => {
    const { id, about, usedAt } = record;
    return { id, about: about.slice(0, 200), usedAt, reclaim: tally.release({ record }) };
  });
  return { items: weighed, cache };
}

function kept(world: Graph, picked: Picked, now: number): Plan['kept'] {
  const tally = openTally(world);
  const alone = (image: ImageId): number => {
    const bytes = tally.release({ image });
    tally.hold({ image });
    return bytes;
  };
  return [...picked.kept]
    .flatMap(([id, reason]) => {
      const image = world.images.get(id);
      return image ? [keep(world, image, reason, alone(id), now)] : [];
    })
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}
