import { z } from 'zod';
import { ImageId } from '../../src/domain/ids.ts';
import type { ImageDetails, Listing, RawContainer, Usage } from './ports.ts';

/** `null` and `<none>` mean no name; the containerd store makes up digests of `<none>`. */
const Names = z
  .array(z.string())
  .nullish()
  .transform((names) => (names ?? []).filter((name) => !name.startsWith('<none>')).sort());

const Labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((labels) => labels ?? {});

const OptionalId = ImageId.nullish().catch(null);

export const Images = z
  .array(
    z.object({
      Id: ImageId,
      ParentId: OptionalId,
      RepoTags: Names,
      RepoDigests: Names,
      Created: z.number(),
      Size: z.number().nonnegative(),
      Labels,
    }),
  )
  .transform((images): Listing['images'] =>
    images.map((raw) => ({
      id: raw.Id,
      tags: raw.RepoTags,
      digests: raw.RepoDigests,
      parent: raw.ParentId ?? null,
      createdAt: raw.Created * 1000,
      size: raw.Size,
      labels: raw.Labels,
    })),
  );

const STATES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const;

export const Containers = z
  .array(
    z.object({
      Id: z.string(),
      Names: z.array(z.string()).nullish(),
      ImageID: OptionalId,
      // A state that we don't know counts as the most careful one.
      State: z.enum(STATES).catch('running'),
      Labels,
      Mounts: z
        .array(
          z.object({ Type: z.string().nullish(), Name: z.string().nullish(), Source: z.string().nullish() }),
        )
        .nullish(),
    }),
  )
  .transform((containers) =>
    containers.map(
      (raw): RawContainer => ({
        id: raw.Id,
        name: nameOf(raw.Names ?? [], raw.Id),
        imageId: raw.ImageID ?? null,
        state: raw.State,
        labels: raw.Labels,
        mounts: (raw.Mounts ?? [])
          .filter(({ Type }) => Type === 'image')
          .flatMap(({ Name, Source }) => [Name, Source])
          .filter((name): name is string => typeof name === 'string' && name !== ''),
      }),
    ),
  );

export const Inspection = z
  .object({
    Id: ImageId,
    RepoTags: Names,
    RepoDigests: Names,
    Created: z.string().nullish(),
    RootFS: z.object({ Layers: z.array(z.string()).nullish() }).nullish(),
    Metadata: z.object({ LastTagTime: z.string().nullish() }).nullish(),
  })
  .transform(
    (raw): ImageDetails => ({
      id: raw.Id,
      tags: raw.RepoTags,
      digests: raw.RepoDigests,
      createdAt: moment(raw.Created) ?? 0,
      taggedAt: moment(raw.Metadata?.LastTagTime),
      diffIds: raw.RootFS?.Layers ?? [],
    }),
  );

export const History = z
  .array(z.object({ Size: z.number() }))
  .transform((entries) => entries.map(({ Size }) => Size).reverse());

export const Version = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  MinAPIVersion: z.string().nullish(),
});

export const Info = z.object({
  Driver: z.string(),
  DriverStatus: z.array(z.array(z.string())).nullish(),
  DockerRootDir: z.string(),
});

export const Removed = z
  .array(z.object({ Untagged: z.string().optional(), Deleted: z.string().optional() }))
  .nullish()
  .transform((lines) => ({
    untagged: (lines ?? []).flatMap(({ Untagged }) => Untagged ?? []),
    deleted: (lines ?? []).flatMap(({ Deleted }) => Deleted ?? []),
  }));

/** The shape up to API 1.51; unknown sizes are -1. */
export const SystemDf = z
  .object({
    LayersSize: z.number().nullish(),
    Containers: z.array(z.object({ SizeRw: z.number().nullish() })).nullish(),
    Volumes: z
      .array(z.object({ UsageData: z.object({ Size: z.number(), RefCount: z.number() }).nullish() }))
      .nullish(),
    BuildCache: z.array(z.object({ Size: z.number(), Shared: z.boolean().nullish() })).nullish(),
  })
  .transform((raw): Usage => {
    const volumes = (raw.Volumes ?? []).map(({ UsageData }) => UsageData ?? { Size: 0, RefCount: 1 });
    return {
      layers: raw.LayersSize ?? 0,
      containers: share((raw.Containers ?? []).map(({ SizeRw }) => SizeRw ?? 0)),
      volumes: share(volumes.map(({ Size }) => Size)),
      unusedVolumes: share(volumes.filter(({ RefCount }) => RefCount === 0).map(({ Size }) => Size)),
      // A shared piece is some image's layer, which is counted there.
      buildCache: share((raw.BuildCache ?? []).filter(({ Shared }) => !Shared).map(({ Size }) => Size)),
    };
  });

// --- internal ---

const share = (sizes: readonly number[]) => ({
  count: sizes.length,
  bytes: sizes.reduce((sum, size) => sum + Math.max(0, size), 0),
});

/** A link gives a container further names, such as `/web/db`: its own has one slash. */
function nameOf(names: readonly string[], id: string): string {
  const own = names.find((name) => name.lastIndexOf('/') === 0) ?? names[0];
  return own?.replace(/^\//, '') || id.slice(0, 12);
}

/** Go's zero time means never. */
function moment(text: string | null | undefined): number | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) || at <= 0 ? null : at;
}
