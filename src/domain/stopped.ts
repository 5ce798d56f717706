import type { Graph } from './graph.ts';
import { type Container, isStopped } from './inventory.ts';
import type { Rules } from './rules.ts';
import type { PruneSelection } from './selection.ts';
import type { Picked } from './subject.ts';

/**
 * The containers of an image that `--stopped-containers` may remove, or `null` where one of them must stay: it runs,
 * has not stopped for long enough, or Swarm looks after it. The host's `min-age` holds for containers too: one that
 * was just made is about to start. `now` in milliseconds.
 */
export function removable(
  containers: readonly Container[],
  { stoppedContainers }: PruneSelection,
  rules: Rules,
  now: number,
): readonly Container[] | null {
  if (containers.length === 0) return [];
  if (stoppedContainers === undefined || !rules.allow.stoppedContainers) return null;
  const least = Math.max(stoppedContainers, rules.minAge);
  const mayGo = ({ state, stoppedAt, labels }: Container) =>
    isStopped(state) &&
    stoppedAt !== null &&
    now - stoppedAt >= least &&
    !Object.hasOwn(labels, 'com.docker.swarm.task.id');
  return containers.every(mayGo) ? containers : null;
}

/** Images whose containers would stay: those go only with the image that they were made of. */
export function stillHeld(world: Graph, picked: Picked) {
  const goes = (container: Container) =>
    container.image !== null && picked.going.get(container.image)?.action === 'delete';
  return [...picked.going.values()].filter(
    (item) =>
      item.containers.length > 0 &&
      !(world.holders.get(item.image) ?? []).every((container) => goes(container)),
  );
}
