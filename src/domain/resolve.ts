import type { Graph } from './graph.ts';
import type { ImageId } from './ids.ts';
import { nearest } from './nearest.ts';
import type { Problem } from './plan.ts';
import { type ImageName, repositoryOf } from './reference.ts';

/** What names mean on one engine: the references to remove of each image; empty means all it has. */
export interface Resolved {
  targets: Map<ImageId, string[]>;
  problems: Problem[];
}

/**
 * Docker's rule: a reference wins over an ID. A tag removes that tag; a digest or an ID means the image
 * and with it every reference.
 */
export function resolveNames(world: Graph, names: readonly ImageName[]): Resolved {
  const targets = new Map<ImageId, string[]>();
  const whole = new Set<ImageId>();
  const problems: Problem[] = [];
  const byReference = new Map<string, ImageId>();
  for (const image of world.images.values())
    for (const reference of [...image.tags, ...image.digests]) byReference.set(reference, image.id);

  for (const name of names) {
    const id = name.reference === undefined ? undefined : byReference.get(name.reference);
    if (id !== undefined && name.reference !== undefined) {
      if (name.reference.includes('@')) whole.add(id);
      const remove = targets.get(id) ?? [];
      targets.set(id, remove.includes(name.reference) ? remove : [...remove, name.reference]);
      continue;
    }
    const matches = name.idPrefix === undefined ? [] : byId(world, name.idPrefix);
    if (matches.length > 1)
      problems.push({ kind: 'ambiguous', name: name.text, matches: matches.map((m) => m.slice(7, 27)) });
    else if (matches[0] !== undefined) {
      whole.add(matches[0]);
      targets.set(matches[0], targets.get(matches[0]) ?? []);
    } else {
      const near =
        nearest(name.reference ?? name.text, [...byReference.keys()]) ??
        sameRepository(name, [...byReference.keys()]);
      problems.push({ kind: 'not-found', name: name.text, ...(near !== undefined && { near }) });
    }
  }
  for (const id of whole) targets.set(id, []);
  return { targets, problems };
}

// --- internal ---

/** `app` asks for `app:latest`, which is far from `app:1` in letters and near in what is meant. */
function sameRepository({ reference }: ImageName, known: readonly string[]): string | undefined {
  if (reference === undefined) return undefined;
  return known.find((one) => repositoryOf(one) === repositoryOf(reference));
}

/** By ID, or by the digest part of a repository digest. */
function byId(world: Graph, prefix: string): ImageId[] {
  const whole = `sha256:${prefix}`;
  return [...world.images.values()]
    .filter(
      (image) =>
        image.id.startsWith(whole) ||
        (prefix.length === 64 && image.digests.some((d) => d.endsWith(`@${whole}`))),
    )
    .map((image) => image.id);
}
