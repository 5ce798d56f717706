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
  const namesOn = remembering((digest) => on(digest).filter((tag) => subjectOfTag(tag) === null));
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

/** Bytes of all that is pulled with it: blobs and manifests, parts included, each once. */
export function sizeOf(repository: Repository, digest: ImageId): number {
  const parts = new Map<ImageId, number>();
  const take = (manifest: Manifest | undefined) => {
    if (!manifest || parts.has(manifest.digest)) return;
    parts.set(manifest.digest, manifest.size);
    for (const blob of manifest.blobs) parts.set(blob.digest, blob.size);
    for (const child of manifest.children) take(repository.manifests.get(child.digest));
  };
  take(repository.manifests.get(digest));
  return [...parts.values()].reduce((sum, size) => sum + size, 0);
}

/** The newest of it and its parts, in milliseconds since 1970; `null` where nothing says. */
export function madeAt(repository: Repository, digest: ImageId): number | null {
  const manifest = repository.manifests.get(digest);
  if (!manifest) return null;
  const times = [
    manifest.createdAt,
    ...manifest.children.map((child) => madeAt(repository, child.digest)),
  ].filter((time) => time !== null);
  return times.length > 0 ? Math.max(...times) : null;
}

// --- internal ---

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
