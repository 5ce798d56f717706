import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { ImageId } from '../../src/domain/ids.ts';
import type { Descriptor, Manifest } from '../../src/domain/registry.ts';
import { type Config, INDEX_TYPES, RawManifest, readBody } from './shapes.ts';

/** A manifest but for what its configuration says, and which blob that is; `null` where none can say it. */
export type Read = { manifest: Manifest; config: Descriptor | null };

/** `contentType`: a body of OCI's need not say what it is. Throws `RegistryTrouble` for what is no manifest. */
export function readManifest(digest: ImageId, body: Buffer, contentType: string | undefined): Read {
  const raw = readBody(RawManifest, body);
  const mediaType = raw.mediaType || contentType?.split(';')[0]?.trim() || '';
  const kind = kindOf(raw, mediaType);
  const blobs = [...(raw.config ? [raw.config] : []), ...(raw.layers ?? []), ...(raw.blobs ?? [])];
  return {
    manifest: {
      ...{ digest, mediaType, size: body.length, kind },
      blobs: kind === 'index' ? [] : blobs,
      children: raw.manifests ?? [],
      ...(raw.subject && { subject: raw.subject.digest }),
      // An artifact has no configuration that tells; what pushes one notes it here.
      createdAt: kind === 'artifact' ? instantOf(raw.annotations?.[CREATED]) : null,
      labels: {},
    },
    config: kind === 'image' ? (raw.config ?? null) : null,
  };
}

/** The manifest with what its configuration says. */
export function withConfig(manifest: Manifest, { created, config }: z.infer<typeof Config>): Manifest {
  return { ...manifest, createdAt: instantOf(created), labels: config?.Labels ?? {} };
}

/** SHA-256 of bytes as they came. */
export const digestOf = (body: Buffer): ImageId =>
  ImageId.parse(`sha256:${createHash('sha256').update(body).digest('hex')}`);

// --- internal ---

const CREATED = 'org.opencontainers.image.created';
const CONFIG_TYPES = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);
const LAYER = /^application\/vnd\.(?:oci\.image\.layer\.|docker\.image\.rootfs\.)/;

/** A signature and an attestation of buildkit's call their configuration an image's, and have no layer of one. */
function kindOf(
  { manifests, config, layers, artifactType }: RawManifest,
  mediaType: string,
): Manifest['kind'] {
  if (INDEX_TYPES.includes(mediaType) || manifests) return 'index';
  if (artifactType || !config || !CONFIG_TYPES.has(config.mediaType)) return 'artifact';
  const isImage = !layers || layers.length === 0 || layers.some((layer) => LAYER.test(layer.mediaType));
  return isImage ? 'image' : 'artifact';
}

/** Reproducible builds set a date that is none: 1970, or 1980 where zip is about, the oldest that it knows. */
const OLDEST = Date.UTC(1981, 0, 1);

function instantOf(text: string | null | undefined): number | null {
  const at = Date.parse(text ?? '');
  return at >= OLDEST ? at : null;
}
