import { Buffer } from 'node:buffer';
import { loadIntoStore } from './containerd/load.ts';
import { isModern } from './generation.ts';
import { sha256 } from './hash.ts';
import { imageEvent } from './image-events.ts';
import type { HistoryEntry, ImageConfig } from './images.ts';
import type { NewLayer } from './layers.ts';
import { familiarName, parseName } from './names.ts';
import type { State } from './state.ts';
import { diskUsage, untar } from './untar.ts';

export type ManifestItem = { Config: string; RepoTags: string[] | null; Layers: string[]; Parent?: string };

/** Loads what `docker save` writes. Yields the lines of the answer, of which the last may be an error. */
export function* loadArchive(state: State, archive: Buffer): Generator<object> {
  try {
    yield* state.store === 'containerd' ? loadIntoStore(state, archive) : load(state, archive);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    yield { errorDetail: { message }, error: message };
  }
}

/** A layer as its archive makes it: its size is that of its files, without the archive's own blocks. */
export function layerOf(blob: Buffer): NewLayer {
  const files = untar(blob) ?? [];
  return {
    diffId: sha256(blob),
    size: files.reduce((sum, file) => sum + file.size, 0),
    usage: diskUsage(files),
    files: new Set(files.map(({ path }) => path)),
    blob: Buffer.from(blob),
  };
}

/** The list of images in an archive, and its files by path. */
export function readArchive(state: State, archive: Buffer) {
  const files = untar(archive);
  if (!files)
    throw new Error(`${isModern(state) ? '' : 'Error processing tar file(exit status 1): '}unexpected EOF`);
  const byPath = new Map(files.map(({ path, content }) => [path, content]));
  const read = (path: string) => {
    const content = byPath.get(path);
    if (!content)
      throw new Error(`open /var/lib/docker/tmp/docker-import/${path}: no such file or directory`);
    return content;
  };
  return { read, manifest: JSON.parse(read('manifest.json').toString()) as ManifestItem[] };
}

// --- internal ---

function* load(state: State, archive: Buffer): Generator<object> {
  const { read, manifest } = readArchive(state, archive);
  const parents: { id: string; parent: string | undefined }[] = [];
  let ids = '';
  let named = 0;
  for (const item of manifest) {
    const text = read(item.Config).toString();
    const config = JSON.parse(text) as ImageConfig;
    const diffIds = config.rootfs.diff_ids;
    if (item.Layers.length !== diffIds.length)
      throw new Error(
        `invalid manifest, layers length mismatch: expected ${item.Layers.length}, got ${diffIds.length}`,
      );
    let chain: string | null = null;
    for (const path of item.Layers) chain = state.layers.add(chain, layerOf(read(path))).chain;
    const image = state.images.create(text);
    ids += `Loaded image ID: ${image.id}\n`;
    named = 0;
    for (const tag of item.RepoTags ?? []) {
      const parsed = parseName(tag);
      if ('error' in parsed) throw new Error(parsed.error);
      const before = state.references.get(parsed.name);
      if (before !== null && before !== image.id)
        yield {
          stream: `The image ${familiarName(parsed.name)} already exists, renaming the old one with ID ${before} to empty string\n`,
        };
      state.references.set(parsed.name, image.id);
      yield { stream: `Loaded image: ${familiarName(parsed.name)}\n` };
      named++;
    }
    parents.push({ id: image.id, parent: item.Parent });
    imageEvent(state, 'load', image.id);
  }
  linkParents(state, parents);
  if (named === 0 && ids !== '') yield { stream: ids };
}

/** A parent counts when it came in the same archive, and the child's history is its own and one entry. */
function linkParents(state: State, links: readonly { id: string; parent: string | undefined }[]): void {
  for (const { id, parent } of links) {
    if (parent === undefined || !links.some((other) => other.id === parent && other.id !== id)) continue;
    const child = state.images.get(id)?.config.history ?? [];
    const above = state.images.get(parent)?.config.history ?? [];
    if (!continues(child, above)) throw new Error(`image ${parent} is not a valid parent for ${id}`);
    state.images.setParent(id, parent);
  }
}

function continues(child: readonly HistoryEntry[], parent: readonly HistoryEntry[]): boolean {
  if (child.length === 0 && parent.length === 0) return true;
  return (
    child.length === parent.length + 1 &&
    parent.every((entry, i) => JSON.stringify(entry) === JSON.stringify(child[i]))
  );
}
