import type { Disk } from './disk.ts';
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
  /** When a container last ran on it, or somebody pulled, built or tagged it; never before it was first seen here. */
  usedAt: number;
  size: number;
  labels: Readonly<Record<string, string>>;
  parent: ImageId | null;
  /** Chain IDs of its layers, lowest first. */
  chains: readonly string[];
  /**
   * Whether it keeps them. In the containerd store an image that came when its layers were unpacked already, for
   * another one, does not: they go with that one, and are unpacked again when they are needed.
   */
  keepsLayers: boolean;
  /** Its content in the containerd store, under keys of `layers`: indexes, manifests, configs, packed layers. */
  blobs: readonly string[];
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface Container {
  id: string;
  name: string;
  /** `null` when the container's image is no longer on the engine. */
  image: ImageId | null;
  /** Which one that was, where the engine still says. */
  missing?: ImageId;
  state: ContainerState;
  /** When it ended, or was made and never ran; `null` while it runs, and where nobody looked. */
  stoppedAt: number | null;
  /** Bytes that it wrote itself; 0 where nobody looked. */
  size: number;
  labels: Readonly<Record<string, string>>;
  /** Images mounted into it. */
  mounts: readonly ImageId[];
  /** Layers that it stands on though its image is no longer there. */
  chains: readonly string[];
}

/** One record of the build cache. */
export interface CacheRecord {
  id: string;
  /** What it is made of: it keeps these records. */
  parents: readonly string[];
  size: number;
  /** A build runs on it. */
  inUse: boolean;
  /** Some image has the same layer: it is on the disk once. */
  shared: boolean;
  /** Made by the builder for itself, as contexts and frontends are; only `--all` means these. */
  internal: boolean;
  createdAt: number;
  usedAt: number;
  /** The builder's own words: `[2/2] COPY f2 /f2`. */
  about: string;
  /** Bytes of it that are no image's: all, unless it is shared. */
  own: number;
  /** The layers and blobs that it holds together with images, as far as they could be made out. */
  chains: readonly string[];
}

/** What a host's hourly limits leave at this instant; `again` is when there is more. */
export interface Allowance {
  images: number;
  bytes: number;
  again: number;
}

/** Images, containers and build cache of a host at one instant. */
export interface Inventory {
  takenAt: number;
  images: readonly Image[];
  containers: readonly Container[];
  /** `null` where nobody looked for it. */
  cache: readonly CacheRecord[] | null;
  /** Bytes of each layer by chain ID, and of blobs; absent ones weigh nothing of their own. */
  layers: ReadonlyMap<string, number>;
  /** `null` where the agent can't see it. */
  disk: Disk | null;
  /** `null` where the host has no limits. */
  allowance: Allowance | null;
  /** The image that the agent's own container runs from. */
  self: ImageId | null;
}

/** States in which the engine refuses to delete the image, force or not. */
export function isRunning(state: ContainerState): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}

/** Neither runs nor is about to, so that it may be removed: made and never started, or ended. */
export function isStopped(state: ContainerState): boolean {
  return state === 'created' || state === 'exited' || state === 'dead';
}
