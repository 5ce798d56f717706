import { type Graph, graph } from './graph.ts';
import type { HostName, ImageId } from './ids.ts';
import type { Inventory } from './inventory.ts';
import { type Item, nameOf, type Plan, planDigest } from './plan.ts';
import { pickPrune } from './prune.ts';
import { pickRmi } from './rmi.ts';
import type { Rules } from './rules.ts';
import type { Selection } from './selection.ts';
import { isIntermediate, keep, type Picked, references } from './subject.ts';

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
    selection.kind === 'prune' ? pickPrune(world, selection, rules, now) : pickRmi(world, selection, rules);
  dropParents(world, picked);
  const items = weigh(world, order(world, [...picked.going.values()]));
  return {
    host,
    takenAt: inventory.takenAt,
    items,
    kept: [...picked.kept.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)),
    problems: picked.problems,
    reclaim: items.reduce((sum, item) => sum + item.reclaim, 0),
    digest: planDigest(host, items),
  };
}

// --- internal ---

/** An image goes only if all its children go; what is found to stay may hold its own parent in turn. */
function dropParents(world: Graph, picked: Picked): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (const going of picked.going.values()) {
      if (going.action === 'untag') continue;
      const staying = (world.children.get(going.image) ?? []).filter(
        (id) => picked.going.get(id)?.action !== 'delete',
      );
      if (staying.length === 0) continue;
      picked.going.delete(going.image);
      changed = true;
      const image = world.images.get(going.image);
      if (!image || isIntermediate(world, image)) continue;
      const of = staying.map((id) => namedDescendant(world, picked, id)).sort();
      picked.kept.set(image.id, keep(world, image, { kind: 'children', of: [...new Set(of)] }));
    }
  }
}

/** People know the tagged image that stays, not the untagged steps between it and its base. */
function namedDescendant(world: Graph, picked: Picked, id: ImageId): string {
  const image = world.images.get(id);
  const name = nameOf({ image: id, references: image ? references(image) : [] });
  if (!image || references(image).length > 0) return name;
  const [first] = (world.children.get(id) ?? [])
    .filter((child) => picked.going.get(child)?.action !== 'delete')
    .map((child) => namedDescendant(world, picked, child))
    .sort();
  return first ?? name;
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

/** A layer is freed when no image that stays and no container has it, and counts at the last that had it. */
function weigh(world: Graph, items: Item[]): Item[] {
  const deleted = new Set(items.filter((item) => item.action === 'delete').map((item) => item.image));
  const taken = new Set<string>();
  for (const image of world.images.values())
    if (!deleted.has(image.id) || world.uses.has(image.id))
      for (const chain of image.chains) taken.add(chain);
  return items
    .toReversed()
    .map((item) => {
      if (item.action === 'untag') return item;
      let reclaim = 0;
      for (const chain of world.images.get(item.image)?.chains ?? []) {
        if (taken.has(chain)) continue;
        taken.add(chain);
        reclaim += world.layers.get(chain) ?? 0;
      }
      return { ...item, reclaim };
    })
    .toReversed();
}
