import type { ImageId } from './ids.ts';
import {
  type Holder,
  type Manifest,
  type RegistryInventory,
  type Repository,
  subjectOfTag,
} from './registry.ts';

/** A repository's manifests and how they hang together. */
export interface RepositoryGraph {
  repository: Repository;
  /** In the order of names. */
  tagsOn(digest: ImageId): readonly string[];
  /** Tags that people gave, not those by which a signature says what it signs. */
  namesOn(digest: ImageId): readonly string[];
  /** Indexes here that it is a part of. */
  partOf(digest: ImageId): readonly ImageId[];
  /** What it says something about and is here, where it has no name of its own. */
  about(digest: ImageId): readonly ImageId[];
  /** What it says something about and neither is here nor has gone from here, where it has no name of its own. */
  astray(digest: ImageId): readonly ImageId[];
  /** Hosts that have it, by its own digest, its configuration's or that of one of its parts. */
  holders(digest: ImageId): readonly Holder[];
  /** `team/app:1`, or the digest where it has no tag. */
  references(digest: ImageId): string[];
}

export function repositoryGraph(
  repository: Repository,
  { holders }: Pick<RegistryInventory, 'holders'>,
): RepositoryGraph {
  const { name, tags, manifests, lost } = repository;
  const tagsOn = new Map<ImageId, string[]>();
  for (const [tag, digest] of [...tags].sort(([a], [b]) => (a < b ? -1 : 1))) add(tagsOn, digest, tag);
  const partOf = new Map<ImageId, ImageId[]>();
  for (const { digest, children } of manifests.values())
    for (const child of new Set(children.map((one) => one.digest))) add(partOf, child, digest);
  const on = (digest: ImageId) => tagsOn.get(digest) ?? [];
  const namesOn = remembering((digest) => {
    const mayBeAbout = saysOfOthers(manifests.get(digest), manifests);
    return on(digest).filter((tag) => !mayBeAbout || subjectOfTag(tag) === null);
  });
  const subjectsOf = (digest: ImageId): ImageId[] => {
    if (namesOn(digest).length > 0) return [];
    const subjects = [...on(digest).map(subjectOfTag), manifests.get(digest)?.subject];
    return [...new Set(subjects)].filter((one): one is ImageId => one != null && one !== digest);
  };
  const about = remembering((digest) => subjectsOf(digest).filter((one) => manifests.has(one)));
  const heldBy: RepositoryGraph['holders'] = remembering((digest) => {
    const manifest = manifests.get(digest);
    return [
      ...(holders.get(digest) ?? []),
      ...(manifest?.blobs.flatMap((blob) => holders.get(blob.digest) ?? []) ?? []),
      ...(manifest?.children.flatMap((child) => heldBy(child.digest)) ?? []),
    ];
  });
  return {
    repository,
    ...{ tagsOn: on, namesOn, about, holders: heldBy },
    astray: (digest) => subjectsOf(digest).filter((one) => !manifests.has(one) && !lost?.has(one)),
    partOf: (digest) => partOf.get(digest) ?? [],
    references: (digest) => {
      const named = on(digest).map((tag) => `${name}:${tag}`);
      return named.length > 0 ? named : [`${name}@${digest}`];
    },
  };
}

/** Hosts, each once, by name; with `used` only those where a container uses it. */
export function hostsOf(holders: readonly Holder[], used = false): string[] {
  return [...new Set(holders.filter((one) => one.used || !used).map(({ host }) => host))].sort();
}

/** It and all its parts, at any depth, as far as they are there; each once. */
export function wholeOf({ manifests }: Repository, digest: ImageId): Manifest[] {
  const whole = new Set<ImageId>([digest]);
  // What is added on the way is gone through as well.
  for (const one of whole) for (const child of manifests.get(one)?.children ?? []) whole.add(child.digest);
  return [...whole].flatMap((one) => manifests.get(one) ?? []);
}

/** Bytes of all that is pulled with it: blobs and manifests, parts included, each once. */
export function sizeOf(repository: Repository, digest: ImageId): number {
  const parts = new Map<ImageId, number>();
  for (const manifest of wholeOf(repository, digest))
    for (const part of [manifest, ...manifest.blobs]) parts.set(part.digest, part.size);
  return [...parts.values()].reduce((sum, size) => sum + size, 0);
}

/** The newest of it and its parts, in milliseconds since 1970; `null` where nothing says, or one of its images has no date. */
export function madeAt(repository: Repository, digest: ImageId): number | null {
  const isUndated = wholeOf(repository, digest).some(
    ({ kind, createdAt }) => kind === 'image' && createdAt === null,
  );
  return isUndated ? null : lastMade(repository, digest);
}

/** The newest date of it and its parts, though others of them may have none. */
export function lastMade(repository: Repository, digest: ImageId): number | null {
  const times = wholeOf(repository, digest).flatMap(({ createdAt }) => createdAt ?? []);
  return times.length > 0 ? Math.max(...times) : null;
}

// --- internal ---

/**
 * Whether a tag `sha256-…` on it can mean what it is about: on an artifact, and on the list of them by which clients get along
 * without the Referrers API. An image that a mirror has tagged so is an image.
 */
function saysOfOthers(manifest: Manifest | undefined, manifests: Repository['manifests']): boolean {
  if (manifest?.kind !== 'index') return manifest?.kind === 'artifact';
  return manifest.children.every(({ digest, platform }) => {
    const child = manifests.get(digest);
    return child ? child.kind === 'artifact' || child.subject !== undefined : platform === undefined;
  });
}

/** Ten thousands of manifests are sorted and looked at many times. */
function remembering<T extends object>(make: (digest: ImageId) => T): (digest: ImageId) => T {
  const known = new Map<ImageId, T>();
  return (digest) => {
    const made = known.get(digest) ?? make(digest);
    known.set(digest, made);
    return made;
  };
}

function add<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
