import { matchesGlob } from './glob.ts';
import type { Graph } from './graph.ts';
import type { ImageId } from './ids.ts';
import type { Image } from './inventory.ts';
import type { Item, Kept, Plan, Reason } from './plan.ts';
import { repositoryOf } from './reference.ts';
import type { Rules } from './rules.ts';

/** What a selection picked, before relations between images are looked at. */
export interface Picked {
  going: Map<ImageId, Item>;
  kept: Map<ImageId, Kept>;
  problems: Plan['problems'];
}

/** Its tags, and the digests of repositories where it has none: the others go with the last tag of theirs. */
export function references(image: Pick<Image, 'tags' | 'digests'>): readonly string[] {
  const tagged = new Set(image.tags.map(repositoryOf));
  return [...image.tags, ...image.digests.filter((digest) => !tagged.has(repositoryOf(digest)))];
}

export function isIntermediate(world: Graph, image: Image): boolean {
  return references(image).length === 0 && (world.children.get(image.id)?.length ?? 0) > 0;
}

export function used(world: Graph, image: Image): Reason | undefined {
  const by = world.uses.get(image.id);
  return by && { kind: 'in-use', by };
}

export function guardedByHost(world: Graph, image: Image, rules: Rules): Reason | undefined {
  if (world.self === image.id) return { kind: 'self' };
  const by = rules.protect.find((glob) =>
    [...image.tags, ...image.digests].some(
      (ref) => matchesGlob(glob, ref) || matchesGlob(glob, repositoryOf(ref)),
    ),
  );
  return by === undefined ? undefined : { kind: 'protected', by };
}

export function item(world: Graph, image: Image, remove: readonly string[]): Item {
  return { ...subject(world, image), action: 'delete', remove: [...remove], force: false, reclaim: 0 };
}

export function keep(world: Graph, image: Image, reason: Reason): Kept {
  return { ...subject(world, image), reason };
}

// --- internal ---

function subject(world: Graph, image: Image) {
  return {
    image: image.id,
    references: [...references(image)],
    size: image.size,
    createdAt: image.createdAt,
    usedBy: [...(world.uses.get(image.id) ?? [])],
  };
}
