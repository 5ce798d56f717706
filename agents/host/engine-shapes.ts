import { z } from 'zod';
import { ImageId } from '../../src/domain/ids.ts';
import type { ImageDetails, Listing } from './ports.ts';
import { GraphDriver, Labels, moment } from './shape-parts.ts';

/** `null` and `<none>` mean no name; the containerd store makes up digests of `<none>`. */
const named = (names: readonly string[] | null | undefined): string[] =>
  (names ?? []).filter((name) => !name.startsWith('<none>')).sort();
const Strings = z.array(z.string()).nullish();
const Names = Strings.transform(named);

// All in one transform: one for each field would take four times as long, on each of thousands of images.
export const Images = z
  .array(
    z.object({
      Id: ImageId,
      ParentId: z.string().nullish(),
      RepoTags: Strings,
      RepoDigests: Strings,
      Created: z.number(),
      Size: z.number().nonnegative(),
      Labels: z.record(z.string(), z.string()).nullish(),
    }),
  )
  .transform((images): Listing['images'] =>
    images.map((raw) => ({
      id: raw.Id,
      tags: named(raw.RepoTags),
      digests: named(raw.RepoDigests),
      parent: (raw.ParentId && ImageId.safeParse(raw.ParentId).data) || null,
      createdAt: raw.Created * 1000,
      size: raw.Size,
      labels: raw.Labels ?? {},
    })),
  );

export const Inspection = z
  .object({
    Id: ImageId,
    RepoTags: Names,
    RepoDigests: Names,
    Created: z.string().nullish(),
    Size: z.number().nonnegative(),
    Config: z.object({ Labels }).nullish(),
    RootFS: z.object({ Layers: z.array(z.string()).nullish() }).nullish(),
    GraphDriver: GraphDriver,
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
      labels: raw.Config?.Labels ?? {},
      size: raw.Size,
      folders: raw.GraphDriver,
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
