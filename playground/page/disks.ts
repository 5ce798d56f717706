import type Docker from 'dockerode';

/** `df` walks the engine's whole disk: seldom, and sooner only when images came or went. */
const DF_MS = 10_000;
const DF_SOON_MS = 1_500;

export interface Disk {
  /** Bytes of all layers; null until the engine has said so. */
  layers: number | null;
  /** The most they ever were. */
  most: number;
}

/** How full engines are. Never waits for them: on a large host `df` takes its time. */
export function watchDisks() {
  const known = new Map<string, Disk & { at: number; images: string }>();
  const asking = new Set<string>();

  async function ask(host: string, docker: Docker, images: string): Promise<void> {
    const layers = layersOf(await docker.df());
    known.set(host, { layers, most: Math.max(layers, known.get(host)?.most ?? 0), at: Date.now(), images });
  }

  /** What was last said; `images` is anything that changes when images do. */
  return (host: string, docker: Docker, images: string): Disk => {
    const old = known.get(host);
    const fresh = old && Date.now() - old.at < (old.images === images ? DF_MS : DF_SOON_MS);
    if (!fresh && !asking.has(host)) {
      asking.add(host);
      // An engine in trouble says so to its other questions as well.
      ask(host, docker, images)
        .catch(() => {})
        .finally(() => asking.delete(host));
    }
    return { layers: old?.layers ?? null, most: old?.most ?? 0 };
  };
}

// --- internal ---

/** From API 1.52 on `df` says it in another place. */
function layersOf(answer: { LayersSize?: number; ImageUsage?: { TotalSize: number } }): number {
  return answer.LayersSize ?? answer.ImageUsage?.TotalSize ?? 0;
}
