import type { Snapshot } from './witness.ts';

export type Difference = {
  /** Image IDs. */
  readonly imagesGone: readonly string[];
  readonly imagesNew: readonly string[];
  readonly tagsGone: readonly string[];
  readonly tagsNew: readonly string[];
  readonly digestsGone: readonly string[];
  readonly digestsNew: readonly string[];
  /** Container names. */
  readonly containersGone: readonly string[];
  readonly containersNew: readonly string[];
  /** Containers there before and after, in another state: `web-1: running -> exited`. */
  readonly containersChanged: readonly string[];
};

/** What became of an engine between two snapshots. A tag that moved is gone and new: `app:1=sha256:…`. */
export function diff(before: Snapshot, after: Snapshot): Difference {
  const images = change(before.images, after.images, ({ id }) => [id]);
  const tags = change(before.images, after.images, ({ id, tags }) => tags.map((tag) => `${tag}=${id}`));
  const digests = change(before.images, after.images, ({ digests }) => digests);
  const containers = change(before.containers, after.containers, ({ name }) => [name]);
  const later = new Map(after.containers.map((container) => [container.id, container]));
  return {
    imagesGone: images.gone,
    imagesNew: images.come,
    tagsGone: tags.gone,
    tagsNew: tags.come,
    digestsGone: digests.gone,
    digestsNew: digests.come,
    containersGone: containers.gone,
    containersNew: containers.come,
    containersChanged: before.containers.flatMap(({ id, name, state }) => {
      const now = later.get(id)?.state;
      return now === undefined || now === state ? [] : [`${name}: ${state} -> ${now}`];
    }),
  };
}

function change<T>(before: readonly T[], after: readonly T[], keys: (item: T) => readonly string[]) {
  const old = new Set(before.flatMap(keys));
  const now = new Set(after.flatMap(keys));
  return { gone: [...old].filter((key) => !now.has(key)), come: [...now].filter((key) => !old.has(key)) };
}
