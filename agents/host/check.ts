import type { Graph } from '../../src/domain/graph.ts';
import { graph } from '../../src/domain/graph.ts';
import type { ImageId } from '../../src/domain/ids.ts';
import type { Image } from '../../src/domain/inventory.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Item, Use } from '../../src/domain/plan.ts';
import { repositoryOf } from '../../src/domain/reference.ts';
import type { Rules } from '../../src/domain/rules.ts';
import { guardedByHost, references } from '../../src/domain/subject.ts';
import { toContainers } from './inventory.ts';
import type { ImageDetails, RawContainer } from './ports.ts';

/** What an item is judged by, read just before it is touched. */
export type Sight = {
  live: ImageDetails;
  uses: readonly Use[];
  /** References that this execution has taken away already. */
  removed: readonly string[];
};

export type Circumstances = {
  world: Graph;
  rules: Rules;
  /** Images that are gone by now, as far as this execution knows. */
  gone: ReadonlySet<ImageId>;
  /** `min-age` guards against prune, not against names that somebody gave. */
  prune: boolean;
  now: number;
};

export type Step =
  | { kind: 'remove'; name: string; force: boolean }
  | { kind: 'skip'; why: Trouble }
  | { kind: 'end'; outcome: 'untagged' };

/** The next request to the engine that is still within the plan and the host's rules, or why there is none. */
export function nextStep(item: Item, sight: Sight, around: Circumstances): Step {
  const why = changed(item, sight) ?? held(item, sight, around);
  if (why) return { kind: 'skip', why };
  const { live, removed } = sight;
  if (item.action === 'untag') {
    const name = item.remove.find((ref) => !removed.includes(ref));
    if (name === undefined) return { kind: 'end', outcome: 'untagged' };
    // A name that is not the last one goes without force, and without it nothing can go wrong.
    return { kind: 'remove', name, force: item.force && isSingle(live) };
  }
  if (item.force || isSingle(live)) return { kind: 'remove', name: live.id, force: item.force };
  return { kind: 'remove', name: live.tags[0] ?? live.digests[0] ?? live.id, force: false };
}

/** Containers that use an image, by name. */
export function usesOf(containers: readonly RawContainer[], image: ImageDetails, item: Item): Use[] {
  const { id, tags, digests } = image;
  const known = [{ id, tags: [...new Set([...tags, ...item.references])], digests }];
  const world = {
    takenAt: 0,
    images: [],
    containers: toContainers(containers, known),
    layers: new Map(),
    self: null,
  };
  return graph(world).uses.get(id) ?? [];
}

// --- internal ---

const isDigest = (reference: string) => reference.includes('@');

/** The engine deletes by ID without force: at most one tag, and no digest of another repository. */
function isSingle({ tags, digests }: ImageDetails): boolean {
  const repositories = new Set([...digests, ...tags].map(repositoryOf));
  return tags.length <= 1 && repositories.size <= 1;
}

/** What is left of the planned references must be what is there; digests go with the last tag of their repository. */
function changed(item: Item, { live, removed }: Sight): Trouble | null {
  const gone = new Set(removed.map(repositoryOf));
  const expected = item.references.filter((ref) => !removed.includes(ref));
  const now = references(live).filter(
    (ref) => !isDigest(ref) || expected.includes(ref) || !gone.has(repositoryOf(ref)),
  );
  const same = now.length === expected.length && expected.every((ref) => now.includes(ref));
  return same ? null : referencesOf(live);
}

/** Digests are told only where there is no tag: the containerd store makes them up for every image. */
export function referencesOf(live: ImageDetails | null): Trouble {
  const now = live === null ? [] : live.tags.length > 0 ? live.tags : live.digests;
  return { kind: 'references', now: [...now] };
}

function held(item: Item, { live, uses }: Sight, around: Circumstances): Trouble | null {
  const { world, rules } = around;
  const image = asImage(live);
  const guarded = guardedByHost(world, image, rules);
  if (guarded) return guarded;
  if (item.force && !rules.allow.force) return { kind: 'force-off' };
  const age = around.now - image.arrivedAt;
  if (around.prune && age < rules.minAge)
    return { kind: 'min-age', age: Math.max(0, age), least: rules.minAge };
  if (item.action === 'untag') {
    if (!item.force || uses.some((use) => use.running))
      return unplanned(
        item,
        uses.filter((use) => item.force && use.running),
      );
    // Nothing runs on it any more: by name and with force the engine would now delete the image.
    return uses.length > 0 ? inUse(uses) : { kind: 'refused', message: 'no container runs on it any more' };
  }
  if (uses.length > 0 && (!item.force || uses.some((use) => use.running))) return inUse(uses);
  const children = (world.children.get(live.id) ?? []).filter((id) => !around.gone.has(id));
  if (children.length > 0) return { kind: 'children', of: children.map((id) => nameIn(world, id)).sort() };
  return unplanned(item, uses);
}

/** Force was granted under the containers that were shown, not under others. */
function unplanned(item: Item, uses: readonly Use[]): Trouble | null {
  const others = uses.filter((use) => !item.usedBy.some(({ container }) => container === use.container));
  return others.length > 0 ? inUse(others) : null;
}

const inUse = (by: readonly Use[]): Trouble => ({ kind: 'in-use', by: [...by] });

function nameIn(world: Graph, id: ImageId): string {
  const image = world.images.get(id);
  return image?.tags[0] ?? image?.digests[0] ?? `<none> ${id.slice(7, 19)}`;
}

function asImage({ id, tags, digests, createdAt, taggedAt }: ImageDetails): Image {
  const arrivedAt = Math.max(createdAt, taggedAt ?? 0);
  return { id, tags, digests, createdAt, arrivedAt, size: 0, labels: {}, parent: null, chains: [] };
}
