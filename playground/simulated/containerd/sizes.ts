import { Buffer } from 'node:buffer';
import type { Image } from '../images.ts';
import type { State } from '../state.ts';

/** What a container's own writable layer takes when nothing was written to it: a folder. */
export const UNTOUCHED = 4096;
/** The folders that the engine puts under it, such as `/dev` and `/etc`. */
export const FOLDERS = 7 * 4096;

/** Manifest, configuration and layers, packed as they came. */
export function contentSize(image: Image): number {
  return [...blobsOf(image).values()].reduce((sum, size) => sum + size, 0);
}

/** Everything that an image has in the content store, by digest. */
export function blobsOf({ manifest, text }: Image): ReadonlyMap<string, number> {
  if (!manifest) return new Map();
  return new Map([
    [manifest.digest, Buffer.byteLength(manifest.text)],
    [`config of ${manifest.digest}`, Buffer.byteLength(text)],
    ...manifest.layers.map(({ digest, size }) => [digest, size] as const),
  ]);
}

export function unpackedSize(state: State, chains: readonly string[]): number {
  return chains.reduce((sum, chain) => sum + (state.layers.get(chain)?.usage ?? 0), 0);
}

/** `LayersSize`: all content of images, and all that is unpacked, for whomever. */
export function storeSize(state: State): number {
  const content = new Map([...state.images.all()].flatMap((image) => [...blobsOf(image)]));
  const unpacked = [...state.layers.all()].map(({ usage }) => usage);
  const containers = state.containers.size * (UNTOUCHED + FOLDERS);
  return [...content.values(), ...unpacked].reduce((sum, size) => sum + size, containers);
}

export function descriptor({ manifest }: Image) {
  return {
    mediaType: manifest?.mediaType ?? '',
    digest: manifest?.digest ?? '',
    size: Buffer.byteLength(manifest?.text ?? ''),
  };
}
