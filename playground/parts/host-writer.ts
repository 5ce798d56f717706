import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Engine } from './engine.ts';
import {
  type BuiltImage,
  buildImages,
  type ImageSpec,
  type LayerSpec,
  layerDigest,
  layerFiles,
  sha256,
} from './image-build.ts';

type Stopped = Pick<Engine, 'running' | 'folders' | 'info'>;

/**
 * Writes images into the data folder of a stopped, empty engine with overlay2, as dockerd would after a load: a
 * hundred times as fast. Resolves nothing and waits for nothing; start the engine again to see them. Left out is each
 * layer's `tar-split.json.gz`, which only `docker save` and `push` read. Returns full IDs by the keys of the specs.
 */
export function writeImages<Key extends string>(
  engine: Stopped,
  specs: Readonly<Record<Key, ImageSpec>>,
): Record<Key, string> {
  const { data } = engine.folders;
  if (engine.running()) throw new Error('An engine reads its folder at the start only: stop it first.');
  if (engine.info.storageDriver !== 'overlay2') throw new Error('Only the files of overlay2 are known here.');
  const store = join(data, 'image/overlay2');
  const contents = join(store, 'imagedb/content/sha256');
  if (readdirSync(contents).length > 0) throw new Error('This engine has images already.');

  const built = buildImages(specs);
  const layers = openLayers(data);
  for (const image of built.values()) {
    layers.add(image.layers);
    writeFileSync(join(contents, image.id), image.config, { mode: 0o600 });
    if (image.parent === null) continue;
    const metadata = join(store, 'imagedb/metadata/sha256', image.id);
    mkdirSync(metadata, { recursive: true, mode: 0o700 });
    writeFileSync(join(metadata, 'parent'), `sha256:${image.parent}`, { mode: 0o600 });
  }
  writeFileSync(join(store, 'repositories.json'), JSON.stringify(repositories([...built.values()])), {
    mode: 0o600,
  });
  return Object.fromEntries([...built].map(([key, { id }]) => [key, `sha256:${id}`])) as Record<Key, string>;
}

// --- internal ---

/** A layer on those below it: which folder it is in, and by which short names the engine mounts the stack. */
type Placed = { chain: string; folder: string; stack: readonly string[] };

function openLayers(data: string) {
  const placed = new Map<string, Placed>();
  const links = join(data, 'overlay2/l');
  mkdirSync(links, { recursive: true, mode: 0o700 });

  const place = (below: Placed | null, spec: LayerSpec): Placed => {
    const diff = layerDigest(spec);
    const chain = below === null ? diff : sha256(`sha256:${below.chain} sha256:${diff}`);
    const known = placed.get(chain);
    if (known) return known;
    const folder = sha256(`folder of ${chain}`);
    // 26 characters, as dockerd draws them, so that a deep stack still fits into one mount's options.
    const link = BigInt(`0x${folder.slice(0, 32)}`)
      .toString(32)
      .padStart(26, '0')
      .toUpperCase();
    const layer = { chain, folder, stack: [`l/${link}`, ...(below?.stack ?? [])] };
    placed.set(chain, layer);
    const dir = join(data, 'overlay2', folder);
    const bytes = writeFiles(join(dir, 'diff'), spec);
    writeFileSync(join(dir, 'link'), link);
    symlinkSync(`../${folder}/diff`, join(links, link));
    if (below) {
      mkdirSync(join(dir, 'work'), { mode: 0o700 });
      writeFileSync(join(dir, 'lower'), below.stack.join(':'));
      writeFileSync(join(data, 'overlay2', below.folder, 'committed'), '', { mode: 0o600 });
    }
    const record = join(data, 'image/overlay2/layerdb/sha256', chain);
    mkdirSync(record, { recursive: true, mode: 0o700 });
    writeFileSync(join(record, 'diff'), `sha256:${diff}`);
    writeFileSync(join(record, 'size'), String(bytes));
    writeFileSync(join(record, 'cache-id'), folder);
    if (below) writeFileSync(join(record, 'parent'), `sha256:${below.chain}`);
    return layer;
  };

  return {
    add(layers: readonly LayerSpec[]) {
      layers.reduce<Placed | null>(place, null);
    },
  };
}

/** Bytes of the files, as dockerd counts them: links by the length of where they lead. */
function writeFiles(diff: string, spec: LayerSpec): number {
  mkdirSync(diff, { recursive: true, mode: 0o755 });
  let bytes = 0;
  for (const { path, content = '', link, mode = 0o755 } of layerFiles(spec)) {
    const file = join(diff, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    if (link === undefined) writeFileSync(file, content, { mode });
    else symlinkSync(link, file);
    bytes += Buffer.byteLength(link ?? content);
  }
  return bytes;
}

function repositories(images: readonly BuiltImage[]) {
  const names: Record<string, Record<string, string>> = {};
  for (const { id, tags } of images)
    for (const tag of tags) {
      const repository = tag.slice(0, tag.lastIndexOf(':'));
      names[repository] = { ...names[repository], [tag]: `sha256:${id}` };
    }
  return { Repositories: names };
}
