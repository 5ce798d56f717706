import type Docker from 'dockerode';
import type { HostScene, HostsScene, SeenImage } from './shapes.ts';

export type Engines = ReadonlyMap<string, { readonly docker: Docker }>;

const LOOK_MS = 1_000;
/** `df` walks the engine's whole disk: seldom, and sooner only when images came or went. */
const DF_MS = 10_000;
const DF_SOON_MS = 1_500;

interface Disk {
  layers: number;
  most: number;
  at: number;
  images: string;
}

/** Asks the engines themselves, again and again; dimg has no part in it. */
export function watchHosts(engines: Engines, kind: HostsScene['kind'], changed: (scene: HostsScene) => void) {
  const known = new Map<string, HostScene>();
  const disks = new Map<string, Disk>();
  const looking = new Set<string>();
  let last = '';

  function look(): void {
    for (const [host, { docker }] of engines) {
      if (looking.has(host)) continue;
      looking.add(host);
      void lookAt(host, docker, disks)
        .catch((error: Error): HostScene => ({ ...(known.get(host) ?? empty(host)), trouble: error.message }))
        .then((scene) => {
          looking.delete(host);
          known.set(host, scene);
          tell();
        });
    }
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
  });
  const timer = setInterval(look, LOOK_MS);
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

async function lookAt(host: string, docker: Docker, disks: Map<string, Disk>): Promise<HostScene> {
  const [images, containers, version] = await Promise.all([
    docker.listImages(),
    docker.listContainers({ all: true }),
    docker.version(),
  ]);
  const seen = images
    .map(
      ({ Id, RepoTags, Size, Created }): SeenImage => ({
        id: Id,
        tags: (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>').sort(),
        size: Size,
        created: Created * 1000,
        usedBy: containers
          .filter(({ ImageID }) => ImageID === Id)
          .map(({ Names, State }) => ({
            name: (Names[0] ?? '?').replace('/', ''),
            running: State === 'running' || State === 'paused',
          })),
      }),
    )
    .sort((a, b) => name(a).localeCompare(name(b)) || a.id.localeCompare(b.id));
  const disk = await diskOf(host, docker, disks, JSON.stringify(seen.map(({ id, usedBy }) => [id, usedBy])));
  return {
    host,
    engine: `Docker ${version.Version}`,
    trouble: null,
    layers: disk.layers,
    most: disk.most,
    containers: containers.length,
    images: seen,
  };
}

/** Images without a name come last. */
const name = ({ tags }: SeenImage): string => tags[0] ?? '\uffff';

async function diskOf(host: string, docker: Docker, disks: Map<string, Disk>, images: string): Promise<Disk> {
  const old = disks.get(host);
  const age = Date.now() - (old?.at ?? 0);
  if (old && age < (old.images === images ? DF_MS : DF_SOON_MS)) return old;
  const layers = layersOf(await docker.df());
  const disk = { layers, most: Math.max(layers, old?.most ?? 0), at: Date.now(), images };
  disks.set(host, disk);
  return disk;
}

/** From API 1.52 on `df` says it in another place. */
function layersOf(answer: { LayersSize?: number; ImageUsage?: { TotalSize: number } }): number {
  return answer.LayersSize ?? answer.ImageUsage?.TotalSize ?? 0;
}
