import { sha256 } from './hash.ts';
import { chainId, type Layer, type Layers } from './layers.ts';
import { type Manifest, manifestOf } from './manifest.ts';

export type HistoryEntry = {
  readonly created?: string;
  readonly created_by?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
};

/** What an image's ID is the digest of. */
export type ImageConfig = {
  readonly architecture?: string;
  readonly os?: string;
  readonly created?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly docker_version?: string;
  readonly container?: string;
  readonly container_config?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>> | null;
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
  readonly history?: readonly HistoryEntry[];
};

export type Image = {
  readonly id: string;
  readonly config: ImageConfig;
  /** The configuration's bytes, which a graph driver's ID is the digest of. */
  readonly text: string;
  /** What the containerd store's ID is the digest of. */
  readonly manifest: Manifest | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly createdAt: number;
  /** Chain IDs, lowest first. */
  readonly chains: readonly string[];
  readonly size: number;
  parent: string | null;
  /** When a name was given to it here. */
  taggedAt: Date | null;
};

export type Images = {
  get(id: string): Image | undefined;
  all(): Iterable<Image>;
  count(): number;
  /** The one image whose ID begins so, with or without `sha256:`. */
  search(prefix: string): Image | undefined;
  children(id: string): readonly string[];
  /** Files an image whose layers are there; one that is known stays as it is. A pull brings its own manifest. */
  create(text: string, manifest?: Manifest): Image;
  /** Of a graph driver; names tell of it in the containerd store. */
  setParent(id: string, parent: string): void;
  /** Returns the chain IDs of the layers that went with it. */
  delete(id: string): string[];
};

export function createImages(layers: Layers, store: 'graph driver' | 'containerd'): Images {
  const images = new Map<string, Image>();
  const children = new Map<string, Set<string>>();
  return {
    get: (id) => images.get(id),
    all: () => images.values(),
    count: () => images.size,
    search(prefix) {
      const whole = prefix.startsWith('sha256:') ? prefix : `sha256:${prefix}`;
      const exact = images.get(whole);
      if (exact) return exact;
      const found = [...images.keys()].filter((id) => id.startsWith(whole));
      return found.length === 1 ? images.get(found[0] ?? '') : undefined;
    },
    children: (id) => [...(children.get(id) ?? [])],
    create(text, given) {
      const config = JSON.parse(text) as ImageConfig;
      const chains = chainsOf(config);
      const manifest =
        store === 'graph driver'
          ? null
          : (given ?? manifestOf(text, chains.map((chain) => layers.get(chain)).filter(isLayer)));
      const id = manifest?.digest ?? sha256(text);
      const known = images.get(id);
      if (known) return known;
      const size = chains.reduce((sum, chain) => sum + (layers.get(chain)?.size ?? 0), 0);
      const labels = (config.config?.Labels ?? null) as Image['labels'];
      const createdAt = Date.parse(config.created ?? '') || 0;
      const image = {
        ...{ id, config, text, manifest, labels, createdAt, chains, size },
        ...{ parent: null, taggedAt: null },
      };
      images.set(id, image);
      layers.hold(chains.at(-1) ?? null);
      return image;
    },
    setParent(id, parent) {
      const image = images.get(id);
      if (!image || !images.has(parent)) return;
      if (image.parent !== null) children.get(image.parent)?.delete(id);
      image.parent = parent;
      children.set(parent, (children.get(parent) ?? new Set()).add(id));
    },
    delete(id) {
      const image = images.get(id);
      if (!image) return [];
      for (const child of children.get(id) ?? []) {
        const orphan = images.get(child);
        if (orphan) orphan.parent = null;
      }
      children.delete(id);
      if (image.parent !== null) children.get(image.parent)?.delete(id);
      images.delete(id);
      return layers.release(image.chains.at(-1) ?? null);
    },
  };
}

// --- internal ---

const isLayer = (layer: Layer | undefined): layer is Layer => layer !== undefined;

function chainsOf(config: ImageConfig): string[] {
  let chain: string | null = null;
  return config.rootfs.diff_ids.map((diffId) => {
    chain = chainId(chain, diffId);
    return chain;
  });
}
