import type Docker from 'dockerode';
import { watchDisks } from './disks.ts';
import { type Registries, watchRegistries } from './registries.ts';
import type { HostScene, HostsScene, SeenImage } from './shapes.ts';

export type Engines = ReadonlyMap<string, { readonly docker: Docker }>;

const LOOK_MS = 1_000;

interface Watching {
  engines: Engines;
  registries: Registries;
  kind: HostsScene['kind'];
  /** Engines are left in peace while nobody looks. */
  watched(): boolean;
  changed(scene: HostsScene): void;
}

/** Asks the engines and the registries themselves, again and again; dimg has no part in it. */
export function watchHosts({ engines, registries, kind, watched, changed }: Watching) {
  const known = new Map<string, HostScene>();
  const looking = new Set<string>();
  const diskOf = watchDisks();
  const lookAtRegistry = watchRegistries();
  let last = '';

  function look(): void {
    for (const [host, { docker }] of engines) lookOnce(host, () => lookAt(host, docker));
    for (const [name, { url }] of registries) lookOnce(name, () => lookAtRegistry(name, url));
  }

  function lookOnce(host: string, seen: () => Promise<HostScene>): void {
    if (looking.has(host)) return;
    looking.add(host);
    void seen()
      .catch((error: Error): HostScene => ({ ...(known.get(host) ?? empty(host)), trouble: error.message }))
      .then((scene) => {
        looking.delete(host);
        known.set(host, scene);
        tell();
      });
  }

  async function lookAt(host: string, docker: Docker): Promise<HostScene> {
    const [images, containers, engine] = await Promise.all([
      docker.listImages(),
      docker.listContainers({ all: true }),
      known.get(host)?.engine ?? docker.version().then(({ Version }) => `Docker ${Version}`),
    ]);
    const seen = images.map((image) => seenImage(image, containers)).sort(byName);
    const disk = diskOf(host, docker, JSON.stringify(seen.map(({ id }) => id)));
    return { host, engine, trouble: null, ...disk, containers: containers.length, images: seen };
  }

  function tell(): void {
    const now = JSON.stringify(scene());
    if (now === last) return;
    last = now;
    changed(scene());
  }

  const scene = (): HostsScene => ({
    kind,
    hosts: [...engines.keys()].map((host) => known.get(host) ?? empty(host)),
    registries: [...registries.keys()].map((name) => known.get(name) ?? empty(name)),
  });
  const timer = setInterval(() => {
    if (watched()) look();
  }, LOOK_MS);
  look();
  return { scene, close: () => clearInterval(timer) };
}

// --- internal ---

const empty = (host: string): HostScene => ({
  host,
  engine: null,
  trouble: null,
  layers: null,
  most: 0,
  containers: 0,
  images: [],
});

function seenImage(image: Docker.ImageInfo, containers: readonly Docker.ContainerInfo[]): SeenImage {
  return {
    id: image.Id,
    tags: (image.RepoTags ?? []).filter((tag) => tag !== '<none>:<none>').sort(),
    size: image.Size,
    created: image.Created * 1000,
    usedBy: containers
      .filter(({ ImageID }) => ImageID === image.Id)
      .map(({ Names, State }) => ({
        name: (Names[0] ?? '?').replace('/', ''),
        running: State === 'running' || State === 'paused',
      })),
  };
}

/** Images without a name come last. */
function byName(a: SeenImage, b: SeenImage): number {
  const name = ({ tags }: SeenImage) => tags[0] ?? '\uffff';
  return name(a).localeCompare(name(b)) || a.id.localeCompare(b.id);
}
