import { matchesGlob } from './glob.ts';
import { type Graph, usesOf } from './graph.ts';
import type { ImageId } from './ids.ts';
import type { Image } from './inventory.ts';
import type { Item, Kept, Plan, Reason } from './plan.ts';
import { repositoryOf } from './reference.ts';
import type { Rules } from './rules.ts';
import { labelOf } from './selection.ts';

/** What a selection picked, before relations between images are looked at. */
export interface Picked {
  going: Map<ImageId, Item>;
  /** Why the others stay that are shown. */
  kept: Map<ImageId, Reason>;
  problems: Plan['problems'];
}

/** Its tags, and the digests of repositories where it has none: the others go with the last tag of theirs. */
export function references(image: Pick<Image, 'tags' | 'digests'>): readonly string[] {
  const tagged = new Set(image.tags.map(repositoryOf));
  return [...image.tags, ...image.digests.filter((digest) => !tagged.has(repositoryOf(digest)))];
}

/** The repositories that it has a tag or a digest in. */
export function repositories(image: Pick<Image, 'tags' | 'digests'>): ReadonlySet<string> {
  return new Set([...image.tags, ...image.digests].map(repositoryOf));
}

export function isIntermediate(world: Graph, image: Image): boolean {
  return references(image).length === 0 && (world.children.get(image.id)?.length ?? 0) > 0;
}

export function used(world: Graph, id: ImageId, now: number): Reason | undefined {
  const by = usesOf(world, id, now);
  return by.length > 0 ? { kind: 'in-use', by } : undefined;
}

/** Why the host's own rules keep the image, whoever asks for it. */
export function guardedByHost(world: Pick<Graph, 'self'>, image: Image, rules: Rules): Reason | undefined {
  if (world.self === image.id) return { kind: 'self' };
  const by = rules.protect.find((rule) => {
    const label = labelOf(rule);
    if (label)
      return (
        Object.hasOwn(image.labels, label.key) && [undefined, image.labels[label.key]].includes(label.value)
      );
    return [...image.tags, ...image.digests].some(
      (ref) => matchesGlob(rule, ref) || matchesGlob(rule, repositoryOf(ref)),
    );
  });
  return by === undefined ? undefined : { kind: 'protected', by };
}

export function item(world: Graph, image: Image, remove: readonly string[], now: number): Item {
  const project = composeProject(world, image);
  const plain: Item = {
    ...subject(world, image, now),
    action: 'delete',
    remove: [...remove],
    containers: [],
    force: false,
    reclaim: 0,
  };
  return project === undefined ? plain : { ...plain, project };
}

export function keep(world: Graph, image: Image, reason: Reason, reclaim: number, now: number): Kept {
  return { ...subject(world, image, now), reason, reclaim };
}

// --- internal ---

function subject(world: Graph, image: Image, now: number) {
  return {
    image: image.id,
    references: [...references(image)],
    size: image.size,
    createdAt: image.createdAt,
    usedAt: image.usedAt,
    usedBy: usesOf(world, image.id, now),
  };
}

/** The project that built it, where none of its containers is there: people expect to start it again. */
function composeProject(world: Graph, { labels }: Image): string | undefined {
  const project = labels['com.docker.compose.project'];
  if (project === undefined) return undefined;
  const up = world.containers.some((container) => container.labels['com.docker.compose.project'] === project);
  return up ? undefined : project;
}
