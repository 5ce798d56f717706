import type { ImageId } from './ids.ts';

/** One image record of an engine. Times in milliseconds since 1970, sizes in bytes. */
export interface Image {
  id: ImageId;
  /** `repo:tag`, sorted. */
  tags: readonly string[];
  /** `repo@sha256:…`, sorted. */
  digests: readonly string[];
  createdAt: number;
  /** When it was pulled, loaded, built or tagged here, where the engine tells. */
  arrivedAt: number;
  size: number;
  labels: Readonly<Record<string, string>>;
  parent: ImageId | null;
  /** Chain IDs of its layers, lowest first. */
  chains: readonly string[];
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface Container {
  id: string;
  name: string;
  /** `null` when the container's image is no longer on the engine. */
  image: ImageId | null;
  /** The image as the container was asked for, for images of a vanished ID. */
  state: ContainerState;
  labels: Readonly<Record<string, string>>;
  /** Images mounted into it. */
  mounts: readonly ImageId[];
}

/** Images and containers of a host at one instant. */
export interface Inventory {
  takenAt: number;
  images: readonly Image[];
  containers: readonly Container[];
  /** Bytes of each layer by chain ID; absent ones weigh nothing of their own. */
  layers: ReadonlyMap<string, number>;
  /** The image that the agent's own container runs from. */
  self: ImageId | null;
}

/** States in which the engine refuses to delete the image, force or not. */
export function isRunning(state: ContainerState): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}
