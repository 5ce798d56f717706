export type Described = { readonly digest: string; readonly size: number };

export const MANIFEST_TYPE = 'application/vnd.docker.distribution.manifest.v2+json';

/**
 * The manifest that the containerd store makes for an image of an archive, to the byte: its digest is the image's ID.
 * Source: containerd, `core/images/archive/importer.go`.
 */
export function manifestText(config: Described, layers: readonly Described[]): string {
  const described = (mediaType: string, { digest, size }: Described) => ({
    ...{ mediaType: `application/vnd.docker.${mediaType}`, digest, size },
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: described('container.image.v1+json', config),
    layers: layers.map((layer) => described('image.rootfs.diff.tar', layer)),
  });
}
