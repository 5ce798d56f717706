import { listCache } from './build-cache-routes.ts';
import { storeSize } from './containerd/sizes.ts';
import { listContainers } from './containers-list.ts';
import { isRunning } from './delete-records.ts';
import { listImages } from './list.ts';
import type { State } from './state.ts';

export function version(state: State) {
  const { version, api, minApi } = state;
  const about = {
    ApiVersion: `1.${api}`,
    MinAPIVersion: `1.${minApi}`,
    GitCommit: 'simulated',
    GoVersion: 'go1.19.8',
    Os: 'linux',
    Arch: 'amd64',
    KernelVersion: 'simulated',
    BuildTime: '2026-01-01T00:00:00.000000000+00:00',
  };
  const { ApiVersion, MinAPIVersion, GitCommit, GoVersion, Os, Arch, KernelVersion, BuildTime } = about;
  const details = {
    ApiVersion,
    Arch,
    BuildTime,
    Experimental: 'false',
    GitCommit,
    GoVersion,
    KernelVersion,
    MinAPIVersion,
    Os,
  };
  return {
    Platform: { Name: 'dimg simulated engine' },
    Components: [{ Name: 'Engine', Version: version, Details: details }],
    Version: version,
    ...about,
  };
}

export function info(state: State) {
  const containers = [...state.containers.values()];
  const count = (test: (container: (typeof containers)[number]) => boolean) => containers.filter(test).length;
  const containerd = state.store === 'containerd';
  return {
    ID: 'SIMULATED',
    Name: 'simulated',
    Containers: containers.length,
    ContainersRunning: count(({ state }) => state === 'running'),
    ContainersPaused: count(({ state }) => state === 'paused'),
    ContainersStopped: count((container) => !isRunning(container)),
    Images: state.images.count(),
    Driver: containerd ? 'overlayfs' : 'overlay2',
    DriverStatus: containerd
      ? [['driver-type', 'io.containerd.snapshotter.v1']]
      : [
          ['Backing Filesystem', 'extfs'],
          ['Supports d_type', 'true'],
          ['Native Overlay Diff', 'true'],
          ['userxattr', 'false'],
        ],
    NEventsListener: state.events.listeners(),
    SystemTime: new Date().toISOString(),
    OperatingSystem: 'dimg simulated engine',
    OSType: 'linux',
    Architecture: 'x86_64',
    NCPU: 2,
    MemTotal: 8_000_000_000,
    DockerRootDir: state.root,
    ServerVersion: state.version,
    Swarm: { NodeID: '', LocalNodeState: 'inactive' },
    Labels: [],
    Warnings: null,
  };
}

/** `/system/df`; `types` limits it where the API can. What is not asked for stands there empty. */
export function diskUsage(state: State, api: number, types: readonly string[]) {
  const wanted = (type: string) => types.length === 0 || types.includes(type);
  const filters = new Map<string, readonly string[]>();
  const cache = wanted('build-cache') ? listCache(state, api) : null;
  // Engines before 23 have no word for no records.
  const noCache = state.api < 42 || cache === null;
  return {
    ...{ LayersSize: 0, Images: null, Containers: null, Volumes: null },
    ...(wanted('image') && {
      LayersSize: layersSize(state),
      Images: listImages(state, {
        ...{ all: false, filters, api, usage: true },
        counts: { containers: true, sharedSize: true },
      }),
    }),
    ...(wanted('container') && {
      Containers: listContainers(state, { all: true, size: true, limit: 0, filters, usage: true }),
    }),
    ...(wanted('volume') && { Volumes: [] }),
    BuildCache: noCache && !cache?.length ? null : cache,
    ...(api < 42 && { BuilderSize: state.cache.all().reduce((sum, { size }) => sum + size, 0) }),
  };
}

// --- internal ---

/** Layers of images that count: not of nameless ones that others are built on, nor those of containers alone. */
function layersSize(state: State): number {
  if (state.store === 'containerd') return storeSize(state);
  const counted = new Set<string>();
  for (const { id, chains } of state.images.all()) {
    if (state.references.of(id).length === 0 && state.images.children(id).length > 0) continue;
    for (const chain of chains) counted.add(chain);
  }
  return [...counted].reduce((sum, chain) => sum + (state.layers.get(chain)?.size ?? 0), 0);
}
