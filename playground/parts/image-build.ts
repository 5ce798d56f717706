import { createHash } from 'node:crypto';
import { type TarEntry, tarBlocks } from './tar.ts';

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

export type BuiltImage = {
  /** The digest of the config, by which a graph driver's engine calls the image. */
  readonly id: string;
  readonly config: string;
  /** Lowest first, a parent's included. */
  readonly layers: readonly LayerSpec[];
  readonly tags: readonly string[];
  /** The parent's ID. */
  readonly parent: string | null;
};

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

/** Configs and IDs of images. Parents stand before their children, whatever the order of the specs. */
export function buildImages(specs: Readonly<Record<string, ImageSpec>>): Map<string, BuiltImage> {
  const configs = new Map<string, Config>();
  const built = new Map<string, BuiltImage>();
  const build = (key: string): BuiltImage => {
    const known = built.get(key);
    if (known) return known;
    const spec = specs[key];
    if (!spec) throw new Error(`No image is called ${key}.`);
    const parent = spec.parent === undefined ? undefined : build(spec.parent);
    const config = configOf(spec, spec.parent === undefined ? undefined : configs.get(spec.parent));
    const text = JSON.stringify(config);
    const image = {
      id: sha256(text),
      config: text,
      layers: [...(parent?.layers ?? []), ...spec.layers],
      tags: spec.tags,
      parent: parent?.id ?? null,
    };
    configs.set(key, config);
    built.set(key, image);
    return image;
  };
  for (const key of Object.keys(specs)) build(key);
  return built;
}

/** What a layer's archive holds. */
export function layerFiles(spec: LayerSpec): readonly TarEntry[] {
  return 'files' in spec ? spec.files : [{ path: `layers/${spec.name}`, content: filler(spec) }];
}

/** The digest of a layer's archive, its diff ID. */
export const layerDigest = (spec: LayerSpec): string => archived(spec).digest;

/** Of a layer's archive, in bytes. */
export const layerSize = (spec: LayerSpec): number => archived(spec).size;

export function sha256(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex');
}

// --- internal ---

type Archived = { readonly digest: string; readonly size: number };
const known = new WeakMap<LayerSpec, Archived>();

/** Written once, since busybox alone is two megabytes. */
function archived(spec: LayerSpec): Archived {
  const found = known.get(spec);
  if (found) return found;
  const hash = createHash('sha256');
  let size = 0;
  for (const block of tarBlocks(layerFiles(spec))) {
    hash.update(block);
    size += block.length;
  }
  const made = { digest: hash.digest('hex'), size };
  known.set(spec, made);
  return made;
}

function configOf(spec: ImageSpec, parent: Config | undefined): Config {
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
        ...spec.layers.map((layer) => `sha256:${layerDigest(layer)}`),
      ],
    },
    history: [...(parent?.history ?? []), ...history],
  };
}

// Not zeroes, so that no file system stores it as a hole.
function filler({ name, bytes }: { name: string; bytes: number }): Buffer {
  return Buffer.alloc(bytes, createHash('sha256').update(name).digest());
}
