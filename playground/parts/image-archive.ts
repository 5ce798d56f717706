import { createHash } from 'node:crypto';
import { manifestText } from './image-manifest.ts';
import { type TarEntry, tar, tarBlocks } from './tar.ts';

/** A layer is what it is named and how large it is, or its files: equal layers on equal layers are one on disk. */
export type LayerSpec =
  | { readonly name: string; readonly bytes: number }
  | { readonly name: string; readonly files: readonly TarEntry[] };

export type ImageSpec = {
  readonly layers: readonly LayerSpec[];
  /** Without tags the image is dangling. */
  readonly tags: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** 1 January 2024 by default: equal specs give equal IDs. */
  readonly created?: Date;
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  /** The key of another spec of the same call, whose layers come first: makes it this image's Parent. */
  readonly parent?: string;
  /** Told apart from others with the same layers. */
  readonly comment?: string;
};

export type Archive = {
  /** Full image IDs on a graph driver, which calls an image by its config's digest, by the keys of the specs. */
  readonly ids: Record<string, string>;
  /** Those in the containerd store, which makes a manifest of each image and calls it by that one's digest. */
  readonly manifests: Record<string, string>;
  /** The archive that `docker load` reads. */
  readonly blocks: () => Generator<Buffer>;
};

type Layer = { readonly content: Buffer; readonly digest: string };
type Built = { id: string; config: Config; layers: readonly LayerSpec[] };
type History = { created: string; created_by: string; comment?: string };
type Config = {
  architecture: string;
  os: string;
  created: string;
  config: Record<string, unknown>;
  rootfs: { type: string; diff_ids: string[] };
  history: History[];
};

const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', ia32: '386' };

/** Writes images as `docker save` would. The engine gives an image the digest of its config as ID, so they are known here. */
export function imageArchive(specs: Readonly<Record<string, ImageSpec>>): Archive {
  const layers = new Map<string, Layer>();
  const layerOf = (spec: LayerSpec) => {
    if ('files' in spec) {
      const layer = layerOfFiles(spec.files);
      layers.set(layer.digest, layer);
      return layer;
    }
    const key = `${spec.name} ${spec.bytes}`;
    const layer = layers.get(key) ?? packed([{ path: `layers/${spec.name}`, content: filler(spec) }]);
    layers.set(key, layer);
    return layer;
  };

  const built = new Map<string, Built>();
  const build = (key: string): Built => {
    const known = built.get(key);
    if (known) return known;
    const spec = specs[key];
    if (!spec) throw new Error(`No image is called ${key}.`);
    const parent = spec.parent === undefined ? undefined : build(spec.parent);
    const config = configOf(spec, parent?.config, (layer) => layerOf(layer).digest);
    const id = sha256(JSON.stringify(config));
    const image = { id, config, layers: [...(parent?.layers ?? []), ...spec.layers] };
    built.set(key, image);
    return image;
  };
  // Parents stand before their children, whatever the order of the specs: the engine looks them up at the end.
  for (const key of Object.keys(specs)) build(key);

  const manifest = [...built].map(([key, { id, layers }]) => {
    const parent = specs[key]?.parent;
    const tags = specs[key]?.tags ?? [];
    return {
      Config: `${id}.json`,
      RepoTags: tags.length > 0 ? tags : null,
      Layers: layers.map((layer) => `${layerOf(layer).digest}.tar`),
      ...(parent !== undefined && { Parent: `sha256:${built.get(parent)?.id}` }),
    };
  });
  function* entries(): Generator<TarEntry> {
    for (const { content, digest } of layers.values()) yield { path: `${digest}.tar`, content };
    const configs = new Map([...built.values()].map(({ id, config }) => [id, JSON.stringify(config)]));
    for (const [id, content] of configs) yield { path: `${id}.json`, content };
    yield { path: 'manifest.json', content: JSON.stringify(manifest) };
  }
  const each = (digest: (image: Built) => string) =>
    Object.fromEntries([...built].map(([key, image]) => [key, `sha256:${digest(image)}`]));
  return {
    ids: each(({ id }) => id),
    manifests: each(({ config, layers }) => manifestDigest(JSON.stringify(config), layers.map(layerOf))),
    blocks: () => tarBlocks(entries()),
  };
}

// --- internal ---

const packedFiles = new WeakMap<readonly TarEntry[], Layer>();

/** Programs are large, and come in many images. */
function layerOfFiles(files: readonly TarEntry[]): Layer {
  const layer = packedFiles.get(files) ?? packed(files);
  packedFiles.set(files, layer);
  return layer;
}

function packed(entries: readonly TarEntry[]): Layer {
  const content = tar(entries);
  return { content, digest: sha256(content) };
}

function manifestDigest(config: string, layers: readonly Layer[]): string {
  const described = (digest: string, size: number) => ({ digest: `sha256:${digest}`, size });
  return sha256(
    manifestText(
      described(sha256(config), Buffer.byteLength(config)),
      layers.map(({ content, digest }) => described(digest, content.length)),
    ),
  );
}

function configOf(spec: ImageSpec, parent: Config | undefined, digest: (layer: LayerSpec) => string): Config {
  const created = (spec.created ?? new Date('2024-01-01T00:00:00Z')).toISOString();
  // A child has exactly one entry more than its parent, else the engine drops the relation without a word.
  const steps = parent && spec.layers.length === 1 ? spec.layers : parent ? [{ name: 'child' }] : spec.layers;
  if (parent && spec.layers.length > 1) throw new Error('A child may add at most one layer to its parent.');
  const history = steps.map(({ name }) => ({
    created,
    created_by: `dimg layer ${name}`,
    ...(spec.comment !== undefined && { comment: spec.comment }),
    ...(spec.layers.length === 0 && { empty_layer: true }),
  }));
  return {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    created,
    config: {
      Cmd: spec.cmd ?? ['/nothing'],
      Env: spec.env ?? ['PATH=/bin'],
      Labels: spec.labels ?? null,
    },
    rootfs: {
      type: 'layers',
      diff_ids: [
        ...(parent?.rootfs.diff_ids ?? []),
        ...spec.layers.map((layer) => `sha256:${digest(layer)}`),
      ],
    },
    history: [...(parent?.history ?? []), ...history],
  };
}

// Not zeroes, so that no file system stores it as a hole.
function filler({ name, bytes }: { name: string; bytes: number }): Buffer {
  return Buffer.alloc(bytes, createHash('sha256').update(name).digest());
}

function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}
