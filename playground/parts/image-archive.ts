import {
  type BuiltImage,
  buildImages,
  type ImageSpec,
  type LayerSpec,
  layerDigest,
  layerFiles,
  layerSize,
  sha256,
} from './image-build.ts';
import { manifestText } from './image-manifest.ts';
import { type TarEntry, tar, tarBlocks } from './tar.ts';

export type Archive = {
  /** Full image IDs on a graph driver, which calls an image by its config's digest, by the keys of the specs. */
  readonly ids: Record<string, string>;
  /** Those in the containerd store, which makes a manifest of each image and calls it by that one's digest. */
  readonly manifests: Record<string, string>;
  /** The archive that `docker load` reads. */
  readonly blocks: () => Generator<Buffer>;
};

/** Writes images as `docker save` would. The engine gives an image the digest of its config as ID, so they are known here. */
export function imageArchive(specs: Readonly<Record<string, ImageSpec>>): Archive {
  // The engine looks parents up when it has read all images, in their order.
  const built = buildImages(specs);
  const layers = new Map<string, LayerSpec>();
  for (const image of built.values()) for (const layer of image.layers) layers.set(layerDigest(layer), layer);
  const manifest = [...built.values()].map(({ id, tags, parent, layers }) => ({
    Config: `${id}.json`,
    RepoTags: tags.length > 0 ? tags : null,
    Layers: layers.map((layer) => `${layerDigest(layer)}.tar`),
    ...(parent !== null && { Parent: `sha256:${parent}` }),
  }));
  function* entries(): Generator<TarEntry> {
    for (const [digest, layer] of layers) yield { path: `${digest}.tar`, content: tar(layerFiles(layer)) };
    const configs = new Map([...built.values()].map(({ id, config }) => [id, config]));
    for (const [id, content] of configs) yield { path: `${id}.json`, content };
    yield { path: 'manifest.json', content: JSON.stringify(manifest) };
  }
  const each = (digest: (image: BuiltImage) => string) =>
    Object.fromEntries([...built].map(([key, image]) => [key, `sha256:${digest(image)}`]));
  return { ids: each(({ id }) => id), manifests: each(manifestDigest), blocks: () => tarBlocks(entries()) };
}

// --- internal ---

function manifestDigest({ id, config, layers }: BuiltImage): string {
  const described = (digest: string, size: number) => ({ digest: `sha256:${digest}`, size });
  return sha256(
    manifestText(
      described(id, Buffer.byteLength(config)),
      layers.map((layer) => described(layerDigest(layer), layerSize(layer))),
    ),
  );
}
