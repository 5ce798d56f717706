import type { Graph } from './graph.ts';
import type { ImageId } from './ids.ts';
import type { Image } from './inventory.ts';
import { repositories } from './subject.ts';

/**
 * The `most` newest images of each repository, and of which one each is among the newest. All images of a repository
 * count, whatever else keeps them, so that `--keep 3` leaves three to go back to.
 */
export function newestOf(world: Graph, most: number): Map<ImageId, string> {
  const byRepository = new Map<string, Image[]>();
  for (const image of world.images.values())
    for (const repository of repositories(image)) {
      const images = byRepository.get(repository);
      if (images) images.push(image);
      else byRepository.set(repository, [image]);
    }
  const newest = new Map<ImageId, string>();
  for (const [repository, images] of [...byRepository].sort())
    for (const { id } of images.sort(newerFirst).slice(0, most))
      if (!newest.has(id)) newest.set(id, repository);
  return newest;
}

// --- internal ---

/** Of two that were built in the same second, the one that came here later. */
const newerFirst = (a: Image, b: Image): number =>
  b.createdAt - a.createdAt || b.arrivedAt - a.arrivedAt || (a.id < b.id ? -1 : 1);
