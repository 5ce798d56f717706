import { imageEvent } from '../image-events.ts';
import type { ImageConfig } from '../images.ts';
import { layerOf, type ManifestItem, readArchive } from '../load.ts';
import { familiarName, type Name, parseName, withDefaultTag } from '../names.ts';
import type { State } from '../state.ts';
import { danglingName, keepNameless, recordOf } from './records.ts';

/** Loads an archive (moby, `daemon/containerd/image_exporter.go`): a record and an event for each name. Parents are forgotten. */
export function* loadIntoStore(state: State, archive: Buffer): Generator<object> {
  const { manifest, read } = readArchive(state, archive);
  const records = manifest.flatMap((item) => recordsOf(state, item, read));
  for (const { name, id } of records) {
    const before = name === null ? null : state.references.get(name);
    const record = name ?? danglingName(id);
    if (before !== id) state.references.set(record, id);
    if (before !== null && state.references.of(before).length === 0) state.images.delete(before);
  }
  for (const { name, id } of records) {
    yield { stream: name === null ? `Loaded image ID: ${id}\n` : `Loaded image: ${familiarName(name)}\n` };
    imageEvent(state, 'load', id);
  }
}

// --- internal ---

type Named = { readonly name: Name | null; readonly id: string };

function recordsOf(state: State, item: ManifestItem, read: (path: string) => Buffer): readonly Named[] {
  const text = read(item.Config).toString();
  const { rootfs } = JSON.parse(text) as ImageConfig;
  if (item.Layers.length !== rootfs.diff_ids.length)
    throw new Error('invalid manifest, layers length mismatch');
  let chain: string | null = null;
  for (const path of item.Layers) chain = state.layers.add(chain, layerOf(read(path))).chain;
  const { id } = state.images.create(text);
  const names = (item.RepoTags ?? []).map((tag): Name => {
    const parsed = parseName(tag);
    if ('error' in parsed) throw new Error(parsed.error);
    return withDefaultTag(parsed.name);
  });
  // Whatever has the name is kept without it, be it the same image.
  for (const name of names) {
    const before = recordOf(state, name);
    if (before) keepNameless(state, before);
  }
  return names.length > 0 ? names.map((name) => ({ name, id })) : [{ name: null, id }];
}
