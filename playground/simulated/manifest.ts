import { Buffer } from 'node:buffer';
import { MANIFEST_TYPE, manifestText } from '../parts/image-manifest.ts';
import { sha256 } from './hash.ts';
import type { Layer } from './layers.ts';

/** Something in the containerd store's content, or in a registry. */
export type Blob = { readonly digest: string; readonly size: number; readonly content: Buffer | null };

/** What the containerd store calls an image by: a configuration and packed layers. */
export type Manifest = {
  readonly digest: string;
  readonly mediaType: string;
  readonly text: string;
  readonly layers: readonly Blob[];
};

/** As containerd writes it for an archive, whose layers it leaves as they came. */
export function manifestOf(config: string, layers: readonly Layer[]): Manifest {
  const blobs = layers.map(({ diffId, size, blob }) => ({
    ...{ digest: diffId, size: blob?.length ?? size, content: blob },
  }));
  const described = { digest: sha256(config), size: Buffer.byteLength(config) };
  const text = manifestText(described, blobs);
  return { digest: sha256(text), mediaType: MANIFEST_TYPE, text, layers: blobs };
}
