import { type BuildCache, createBuildCache } from './build-cache.ts';
import { createEvents, type Events } from './events.ts';
import { createImages, type Images } from './images.ts';
import { createLayers, type Layers } from './layers.ts';
import { createReferences, type References } from './references.ts';

export type Store = 'graph driver' | 'containerd';

export type ContainerState = 'created' | 'running' | 'paused' | 'exited';

/** An image that a container has in a folder. */
export type ImageMount = {
  readonly name: string;
  readonly target: string;
  readonly imageId: string;
  readonly chain: string | null;
};

export type Container = {
  readonly id: string;
  name: string;
  readonly imageId: string;
  /** As the image was asked for. */
  readonly image: string;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** The request's own words, for inspection. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly hostConfig: Readonly<Record<string, unknown>>;
  readonly mounts: readonly ImageMount[];
  /** Its image's uppermost layer. */
  readonly chain: string | null;
  /** In the containerd store, the manifest that it was made of. */
  readonly manifest: object | null;
  readonly createdAt: Date;
  state: ContainerState;
  exitCode: number;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Called when it ends; removed ones say so. */
  readonly waiting: Set<(event: 'exited' | 'removed') => void>;
  timer: NodeJS.Timeout | undefined;
};

/** What one engine knows. It outlives restarts, but for the events. */
export type State = {
  readonly store: Store;
  readonly version: string;
  /** The newest API, and the oldest: minor versions. */
  readonly api: number;
  readonly minApi: number;
  readonly layers: Layers;
  readonly images: Images;
  readonly references: References;
  readonly containers: Map<string, Container>;
  readonly cache: BuildCache;
  readonly events: Events;
  /** The data folder that it tells of; nothing is there. */
  readonly root: string;
};

export function createState(options: { store: Store; api: number; version: string; root: string }): State {
  const layers = createLayers();
  const { api } = options;
  const images = createImages(layers, options.store);
  return {
    ...options,
    // Engines from 25 on refuse what is older than 1.24, those from 29 on what is older than 1.44.
    minApi: api < 44 ? 12 : api < 52 ? 24 : 44,
    layers,
    images,
    cache: createBuildCache(layers, images),
    references: createReferences(),
    containers: new Map(),
    events: createEvents(),
  };
}
