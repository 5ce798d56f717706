import { createHash } from 'node:crypto';
import type { HostName, ImageId } from '../../src/domain/ids.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Holder, Manifest, RegistryInventory, Repository } from '../../src/domain/registry.ts';

export const digestOf = (name: string): ImageId =>
  `sha256:${createHash('sha256').update(name).digest('hex')}` as ImageId;

interface Made {
  blobs?: readonly string[];
  children?: readonly (readonly [name: string, platform: string])[];
  subject?: string;
  kind?: Manifest['kind'];
  createdAt?: number | null;
  labels?: Record<string, string>;
}

/** A manifest whose digest is made of its name. Blobs are 1,000 bytes each, manifests 10. */
export function aManifest(name: string, made: Made = {}): Manifest {
  const { blobs = [`${name} layer`], children = [], subject, createdAt = 0, labels = {} } = made;
  return {
    ...{ digest: digestOf(name), mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 10 },
    kind: made.kind ?? (children.length > 0 ? 'index' : 'image'),
    blobs: blobs.map((blob) => ({ digest: digestOf(blob), mediaType: 'layer', size: 1_000 })),
    children: children.map(([child, platform]) => ({
      ...{ digest: digestOf(child), mediaType: 'manifest', size: 10, platform },
    })),
    ...(subject !== undefined && { subject: digestOf(subject) }),
    ...{ createdAt, labels },
  };
}

/** `tags`: name of a tag to the name of a manifest. */
export function aRepository(
  name: string,
  manifests: readonly Manifest[],
  tags: Readonly<Record<string, string>>,
  seenAt: ReadonlyMap<ImageId, number> = new Map(manifests.map(({ digest }) => [digest, 0])),
): Repository {
  return {
    name,
    tags: new Map(Object.entries(tags).map(([tag, manifest]) => [tag, digestOf(manifest)])),
    manifests: new Map(manifests.map((manifest) => [manifest.digest, manifest])),
    seenAt,
  };
}

export function anInventoryThere(
  repositories: readonly Repository[],
  given: {
    now: number;
    holders?: Readonly<Record<string, readonly [host: string, used: boolean][]>>;
    deletesTags?: boolean;
    unheard?: readonly string[];
  },
): RegistryInventory {
  const holders = Object.entries(given.holders ?? {}).map(
    ([name, list]) =>
      [digestOf(name), list.map(([host, used]): Holder => ({ host: host as HostName, used }))] as const,
  );
  return {
    ...{ takenAt: given.now, repositories, deletesTags: given.deletesTags ?? false },
    ...{ holders: new Map(holders), unheard: (given.unheard ?? []) as HostName[] },
  };
}

/** A registry as far as deleting goes, and what garbage collection leaves of it. */
export class Model {
  readonly repositories: Map<string, { tags: Map<string, ImageId>; manifests: Map<ImageId, Manifest> }>;
  /** On its disk, whether anything needs them or not. */
  blobs: ReadonlySet<ImageId>;
  constructor(inventory: RegistryInventory) {
    this.repositories = new Map(
      inventory.repositories.map(({ name, tags, manifests }) => [
        name,
        { tags: new Map(tags), manifests: new Map(manifests) },
      ]),
    );
    this.blobs = this.needed();
  }
  private needed(): ReadonlySet<ImageId> {
    const all = [...this.repositories.values()].flatMap(({ manifests }) => [...manifests.values()]);
    return new Set(all.flatMap(({ blobs }) => blobs.map(({ digest }) => digest)));
  }
  /** As distribution collects: what no manifest of any repository has, with a tag or without. */
  collectGarbage(): void {
    this.blobs = this.needed();
  }
  /** As an agent reads it that has seen all of it before. */
  read(inventory: RegistryInventory): RegistryInventory {
    const repositories = inventory.repositories.map((repository) => ({
      ...repository,
      ...this.repositories.get(repository.name),
    }));
    return { ...inventory, repositories };
  }
  /** Carries out what a reference of an item says, as registries do: by digest, all its tags go. */
  remove(item: Plan['items'][number], repository: string): void {
    const there = this.repositories.get(repository);
    if (item.action === 'delete') {
      there?.manifests.delete(item.image);
      for (const [tag, digest] of there?.tags ?? []) if (digest === item.image) there?.tags.delete(tag);
    } else
      for (const reference of item.remove)
        if (reference.startsWith(`${repository}:`))
          there?.tags.delete(reference.slice(repository.length + 1));
  }
  /** All that is pulled with a tag, as far as it is there, or `null` where its manifest is not. */
  pulls(repository: string, tag: string): ReadonlySet<ImageId> | null {
    const there = this.repositories.get(repository);
    const digest = there?.tags.get(tag);
    if (!there || !digest || !there.manifests.has(digest)) return null;
    const all = new Set<ImageId>();
    const take = (one: ImageId) => {
      const manifest = there.manifests.get(one);
      if (!manifest) return;
      all.add(one);
      for (const blob of manifest.blobs) if (this.blobs.has(blob.digest)) all.add(blob.digest);
      for (const child of manifest.children) take(child.digest);
    };
    take(digest);
    return all;
  }
}
