import type { Graph } from './graph.ts';
import type { Image } from './inventory.ts';
import type { Reason } from './plan.ts';
import type { Rules } from './rules.ts';
import { labelsMatch, type PruneSelection } from './selection.ts';
import { guardedByHost, isIntermediate, item, keep, type Picked, references, used } from './subject.ts';
import { cutoff } from './time.ts';

/** Picks what `docker image prune` means by the same options, save what the host's rules keep. */
export function pickPrune(world: Graph, selection: PruneSelection, rules: Rules, now: number): Picked {
  const picked: Picked = { going: new Map(), kept: new Map(), problems: [] };
  for (const image of world.images.values()) {
    const reason = reasonToKeep(world, image, rules, now) ?? reasonNotMeant(world, image, selection, now);
    if (!reason) picked.going.set(image.id, item(world, image, references(image)));
    // Intermediate images are not shown by Docker either, unless they go.
    else if (!isIntermediate(world, image)) picked.kept.set(image.id, keep(world, image, reason));
  }
  return picked;
}

// --- internal ---

/** The host's keep-rules for prune, the most telling first. */
function reasonToKeep(world: Graph, image: Image, rules: Rules, now: number): Reason | undefined {
  const guarded = used(world, image) ?? guardedByHost(world, image, rules);
  if (guarded) return guarded;
  // A date in the future, as a wrong clock gives, is no age below zero: `min-age: 0s` keeps nothing.
  const age = Math.max(0, now - Math.max(image.createdAt, image.arrivedAt));
  return age < rules.minAge ? { kind: 'min-age', age, least: rules.minAge } : undefined;
}

/** Why the selection does not mean this image. An untagged parent follows its children, as in Docker. */
function reasonNotMeant(
  world: Graph,
  image: Image,
  selection: PruneSelection,
  now: number,
): Reason | undefined {
  if (isIntermediate(world, image)) return undefined;
  if (!selection.all && image.tags.length > 0) return { kind: 'tagged' };
  if (selection.until && image.createdAt > cutoff(selection.until, now))
    return { kind: 'younger', age: Math.max(0, now - image.createdAt) };
  return labelsMatch(selection.labels, image.labels) ? undefined : { kind: 'label' };
}
