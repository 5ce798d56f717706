import type { HostScene, SeenImage } from './shapes.ts';

/** By name. */
export type Registries = ReadonlyMap<string, { readonly url: string }>;

/** Asks registries themselves for all that has a tag; dimg has no part in it. */
export function watchRegistries(): (name: string, url: string) => Promise<HostScene> {
  /** A manifest never changes. */
  const known = new Map<string, Manifest>();

  async function manifest(url: string, reference: string): Promise<Manifest | null> {
    const old = known.get(`${url}/${reference}`);
    if (old) return old;
    const { answer, body } = await ask(`${url}/${reference}`);
    const id = answer.headers.get('docker-content-digest');
    // Deleted a moment ago.
    if (!answer.ok || id === null) return null;
    let size = [body.config, ...(body.layers ?? [])].reduce((sum, blob) => sum + (blob?.size ?? 0), 0);
    for (const { digest } of body.manifests ?? []) size += (await manifest(url, digest))?.size ?? 0;
    known.set(`${url}/${id}`, { id, size });
    return { id, size };
  }

  return async (name, url) => {
    const images = new Map<string, SeenImage & { tags: string[] }>();
    const { repositories = [] } = (await ask(`${url}/v2/_catalog`)).body;
    for (const repository of repositories)
      for (const tag of (await ask(`${url}/v2/${repository}/tags/list`)).body.tags ?? []) {
        const found = await manifest(`${url}/v2/${repository}/manifests`, tag);
        if (!found) continue;
        const key = `${repository}@${found.id}`;
        const image = images.get(key) ?? { ...found, tags: [], created: 0, usedBy: [] };
        image.tags.push(`${repository}:${tag}`);
        images.set(key, image);
      }
    const seen = [...images.values()];
    return {
      ...{ host: name, engine: 'registry', trouble: null, layers: null, most: 0, containers: 0 },
      images: seen.sort((a, b) => (a.tags[0] ?? '').localeCompare(b.tags[0] ?? '')),
    };
  };
}

// --- internal ---

async function ask(url: string) {
  const answer = await fetch(url, { headers: { accept: TYPES } });
  return { answer, body: (await answer.json()) as Body };
}

const TYPES = ['application/vnd.oci.image', 'application/vnd.docker.distribution']
  .flatMap((of) => [`${of}.index.v1+json`, `${of}.manifest.v1+json`, `${of}.manifest.v2+json`])
  .concat('application/vnd.docker.distribution.manifest.list.v2+json')
  .join(', ');

type Manifest = { id: string; size: number };
type Body = {
  repositories?: string[];
  tags?: string[] | null;
  config?: { size: number };
  layers?: { size: number }[];
  manifests?: { digest: string }[];
};
