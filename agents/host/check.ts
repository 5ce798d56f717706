import type { Graph } from '../../src/domain/graph.ts';
import type { ImageId } from '../../src/domain/ids.ts';
import { type Container, type Image, isRunning } from '../../src/domain/inventory.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import { type Item, nameOf, type Stopped, type Use } from '../../src/domain/plan.ts';
import { repositoryOf } from '../../src/domain/reference.ts';
import type { Rules } from '../../src/domain/rules.ts';
import { guardedByHost, references } from '../../src/domain/subject.ts';
import { toContainers } from './containers.ts';
import type { ImageDetails, RawContainer } from './ports.ts';

/** What of an image decides whether it is as it was shown. */
type Live = Pick<ImageDetails, 'id' | 'tags' | 'digests' | 'createdAt' | 'taggedAt' | 'labels'>;

/** What an item is judged by, read just before it is touched. */
export type Sight = {
  live: Live;
  /** Containers that use it. */
  holders: readonly Container[];
  /** References that this execution has taken away already. */
  removed: readonly string[];
};

export type Circumstances = {
  world: Graph;
  rules: Rules;
  /** When the image came here, as far as the agent knows; milliseconds since 1970. */
  arrivedAt: (image: ImageId) => number;
  /** When a container last ran on it, likewise. */
  usedAt: (image: ImageId) => number;
  /** Images that are gone by now, as far as this execution knows. */
  gone: ReadonlySet<ImageId>;
  /** `min-age` guards against prune, not against names that somebody gave. */
  prune: boolean;
  now: number;
};

export type Step =
  | { kind: 'remove'; name: string; force: boolean }
  /** A planned container goes first, once it is seen to be as it was. */
  | { kind: 'container'; stopped: Stopped }
  | { kind: 'skip'; why: Trouble }
  | { kind: 'end'; outcome: 'untagged' };

/** Why the item is no longer as it was shown, or may no longer go; `null` where it may. */
export function whyNot(item: Item, sight: Sight, around: Circumstances): Trouble | null {
  return changed(item, sight) ?? held(item, sight, around) ?? used(item, around);
}

/** The next request to the engine that is still within the plan and the host's rules, or why there is none. */
export function nextStep(item: Item, sight: Sight, around: Circumstances): Step {
  const why = whyNot(item, sight, around);
  if (why) return { kind: 'skip', why };
  const { live, removed, holders } = sight;
  if (item.action === 'untag') {
    const name = item.remove.find((ref) => !removed.includes(ref));
    if (name === undefined) return { kind: 'end', outcome: 'untagged' };
    // A name that is not the last one goes without force, and without it nothing can go wrong.
    return { kind: 'remove', name, force: item.force && isSingle(live) };
  }
  const stopped = item.containers.find(({ id }) => holders.some((holder) => holder.id === id));
  if (stopped) return { kind: 'container', stopped };
  if (item.force || isSingle(live)) return { kind: 'remove', name: live.id, force: item.force };
  // A digest that came while its repository's last tag went is nobody's plan: then the engine is asked by ID, and may refuse.
  const name = [...live.tags, ...live.digests].find((one) => item.references.includes(one));
  return { kind: 'remove', name: name ?? live.id, force: false };
}

/** Containers that use an image. */
export function holdersOf(containers: readonly RawContainer[], image: ImageDetails, item: Item): Container[] {
  const { id, tags, digests } = image;
  const known = [{ id, tags: [...new Set([...tags, ...item.references])], digests }];
  return toContainers(containers, known).filter(
    (container) => container.image === id || container.mounts.includes(id),
  );
}

export const toUses = (holders: readonly Container[]): Use[] =>
  holders
    .map(({ name, state }) => ({ container: name, running: isRunning(state) }))
    .sort((a, b) => (a.container < b.container ? -1 : 1));

/** Digests are told only where there is no tag: the containerd store makes them up for every image. */
export function referencesOf(live: Live | null): Trouble {
  const now = live === null ? [] : live.tags.length > 0 ? live.tags : live.digests;
  return { kind: 'references', now: [...now] };
}

// --- internal ---

const isDigest = (reference: string) => reference.includes('@');

/** The engine deletes by ID without force: at most one tag, and no digest of another repository. */
function isSingle({ tags, digests }: Live): boolean {
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

function held(item: Item, { live, holders }: Sight, around: Circumstances): Trouble | null {
  const { world, rules } = around;
  const image = asImage(live, around.arrivedAt(live.id));
  const guarded = guardedByHost(world, image, rules);
  if (guarded) return guarded;
  if (item.force && !rules.allow.force) return { kind: 'force-off' };
  if (item.containers.length > 0 && !rules.allow.stoppedContainers) return { kind: 'containers-off' };
  const age = around.now - image.arrivedAt;
  if (around.prune && age < rules.minAge)
    return { kind: 'min-age', age: Math.max(0, age), least: rules.minAge };
  const running = holders.filter(({ state }) => isRunning(state));
  if (item.action === 'untag') {
    if (!item.force || running.length > 0) return unplanned(item, item.force ? running : []);
    // Nothing runs on it any more: by name and with force the engine would now delete the image.
    return holders.length > 0
      ? inUse(holders)
      : { kind: 'refused', message: 'no container runs on it any more' };
  }
  const others = holders.filter(({ id }) => !item.containers.some((stopped) => stopped.id === id));
  if (running.length > 0) return inUse(running);
  if (others.length > 0 && !item.force) return inUse(others);
  const children = (world.children.get(live.id) ?? []).filter((id) => !around.gone.has(id));
  if (children.length > 0) return { kind: 'children', of: children.map((id) => nameIn(world, id)).sort() };
  return unplanned(item, others);
}

/** Used since the plan. Planned containers are looked at themselves, and to remove one counts as a use of its image. */
function used(item: Item, { prune, usedAt, now }: Circumstances): Trouble | null {
  const at = usedAt(item.image);
  return prune && item.containers.length === 0 && at > item.usedAt
    ? { kind: 'touched', age: Math.max(0, now - at) }
    : null;
}

/** Force was granted under the containers that were shown, not under others. */
function unplanned(item: Item, holders: readonly Container[]): Trouble | null {
  const others = holders.filter(({ name }) => !item.usedBy.some(({ container }) => container === name));
  return others.length > 0 ? inUse(others) : null;
}

const inUse = (holders: readonly Container[]): Trouble => ({ kind: 'in-use', by: toUses(holders) });

function nameIn(world: Graph, id: ImageId): string {
  const image = world.images.get(id);
  return nameOf({ image: id, references: image ? references(image) : [] });
}

function asImage({ id, tags, digests, createdAt, taggedAt, labels }: Live, arrived: number): Image {
  const arrivedAt = Math.max(createdAt, taggedAt ?? 0, arrived);
  return {
    ...{ id, tags, digests, createdAt, arrivedAt, usedAt: arrivedAt, labels },
    ...{ size: 0, parent: null, chains: [], keepsLayers: true, blobs: [] },
  };
}
