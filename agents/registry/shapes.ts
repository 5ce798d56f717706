import { z } from 'zod';
import { ImageId } from '../../src/domain/ids.ts';
import type { Descriptor } from '../../src/domain/registry.ts';
import { RegistryTrouble } from './ports.ts';

export const INDEX_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];
const IMAGE_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];
/**
 * All of them in every question. Without the list's type distribution gives the digest of one child for an index,
 * without OCI's a 404. Source: distribution, `handlers/manifests.go`.
 */
export const ACCEPT = [...INDEX_TYPES, ...IMAGE_TYPES].join(', ');

const Labels = z.record(z.string(), z.string());
const Platform = z
  .object({ os: z.string(), architecture: z.string(), variant: z.string().nullish() })
  .transform(({ os, architecture, variant }) => [os, architecture, ...(variant ? [variant] : [])].join('/'));

export const Described = z
  .object({
    mediaType: z.string(),
    digest: ImageId,
    size: z.int().nonnegative(),
    platform: Platform.nullish(),
  })
  .transform(
    ({ digest, mediaType, size, platform }): Descriptor => ({
      ...{ digest, mediaType, size },
      ...(platform && { platform }),
    }),
  );

/** Of all kinds, since which one it is shows by what it has. */
export const RawManifest = z.object({
  mediaType: z.string().nullish(),
  artifactType: z.string().nullish(),
  config: Described.nullish(),
  layers: z.array(Described).nullish(),
  manifests: z.array(Described).nullish(),
  // What OCI's artifact manifest, which came to nothing, called its layers.
  blobs: z.array(Described).nullish(),
  subject: z.object({ digest: ImageId }).nullish(),
  annotations: Labels.nullish(),
});
export type RawManifest = z.infer<typeof RawManifest>;

export const Config = z.object({
  created: z.string().nullish(),
  config: z.object({ Labels: Labels.nullish() }).nullish(),
});

export const TagList = z.object({ tags: z.array(z.string()).nullish() });
export const Catalog = z.object({ repositories: z.array(z.string()).nullish() });
export const Referrers = z.object({ manifests: z.array(Described).nullish() });

/** Throws a `RegistryTrouble` where a body is no JSON, or of no shape that is known here. */
export function readBody<T>(schema: z.ZodType<T>, body: Buffer): T {
  let data: unknown;
  try {
    data = JSON.parse(body.toString('utf8'));
  } catch {
    throw wrong('it answered no JSON');
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw wrong(`it answered in an unknown shape (${issue?.path.join('.')}: ${issue?.message})`);
}

// --- internal ---

const wrong = (message: string) => new RegistryTrouble({ kind: 'registry', what: 'wrong', message });
