import { imageEvent } from './image-events.ts';
import { familiarName, type Name } from './names.ts';
import type { Container, State } from './state.ts';

/** A line of what a deletion did. */
export type Removed = { readonly Untagged: string } | { readonly Deleted: string };

export type DeleteOptions = { readonly force: boolean; readonly noprune: boolean };

export const isRunning = ({ state }: Container) => state === 'running' || state === 'paused';

/** Any container that is made of an image, or mounts it. */
export function usersOf(state: State, id: string): Container[] {
  return [...state.containers.values()].filter(
    ({ imageId, mounts }) => imageId === id || mounts.some((mount) => mount.imageId === id),
  );
}

/** Those made of it; only they count in the checks by ID. */
export function madeOf(state: State, id: string, running: boolean): Container | undefined {
  for (const container of state.containers.values())
    if (container.imageId === id && isRunning(container) === running) return container;
  return undefined;
}

/** Takes a name away, and says so in the event if it is one that events tell of. */
export function untag(state: State, name: Name, image: string, eventName: string | null): Removed {
  state.references.remove(name);
  if (eventName !== null) imageEvent(state, 'untag', image, eventName);
  return { Untagged: familiarName(name) };
}
