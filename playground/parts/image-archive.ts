import { buildImages, type ImageSpec, type LayerSpec, layerDigest, layerFiles } from './image-build.ts';
import { type TarEntry, tar, tarBlocks } from './tar.ts';

export type Archive = {
  /** Full image IDs, by the keys of the specs. */
  readonly ids: Record<string, string>;
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
  const ids = Object.fromEntries([...built].map(([key, { id }]) => [key, `sha256:${id}`]));
  return { ids, blocks: () => tarBlocks(entries()) };
}
