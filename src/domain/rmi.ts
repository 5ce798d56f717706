import { type Graph, usesOf } from './graph.ts';
import type { Image } from './inventory.ts';
import type { Item, Reason } from './plan.ts';
import { resolveNames } from './resolve.ts';
import type { Rules } from './rules.ts';
import type { RmiSelection } from './selection.ts';
import { guardedByHost, isIntermediate, item, type Picked, references, used } from './subject.ts';

/** Picks what `docker rmi` means by the same names, planned as the engine would do it. */
export function pickRmi(world: Graph, selection: RmiSelection, rules: Rules, now: number): Picked {
  const { targets, problems } = resolveNames(world, selection.images);
  const picked: Picked = { going: new Map(), kept: new Map(), problems };
  for (const [id, remove] of targets) {
    const image = world.images.get(id);
    if (!image) continue;
    const verdict = judgeRmi(world, image, remove, selection, rules, now);
    if ('reason' in verdict) picked.kept.set(id, verdict.reason);
    else picked.going.set(id, verdict.item);
  }
  // Untagged parents that nothing else needs go along, as with `docker rmi`; `dropParents` sorts out which.
  for (const image of world.images.values())
    if (
      isIntermediate(world, image) &&
      !picked.going.has(image.id) &&
      !used(world, image.id, now) &&
      !guardedByHost(world, image, rules)
    )
      picked.going.set(image.id, item(world, image, [], now));
  return picked;
}

// --- internal ---

function judgeRmi(
  world: Graph,
  image: Image,
  remove: readonly string[],
  selection: RmiSelection,
  rules: Rules,
  now: number,
): { item: Item } | { reason: Reason } {
  const guarded = guardedByHost(world, image, rules);
  if (guarded) return { reason: guarded };
  if (remove.length > 0 && remove.length < references(image).length)
    return { item: { ...item(world, image, remove, now), action: 'untag' } };
  const whole = item(world, image, references(image), now);
  const uses = usesOf(world, image.id, now);
  if (uses.length === 0) return { item: whole };
  if (!selection.force) return { reason: { kind: 'in-use', by: uses } };
  if (!rules.allow.force) return { reason: { kind: 'force-off' } };
  if (!uses.some((use) => use.running)) return { item: { ...whole, force: true } };
  // The engine never deletes an image under a running container; forced, it takes the references away.
  if (references(image).length === 0) return { reason: { kind: 'in-use', by: uses } };
  return { item: { ...whole, action: 'untag', force: true } };
}
