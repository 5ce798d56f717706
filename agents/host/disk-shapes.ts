import { z } from 'zod';
import type { RawRecord, Usage } from './ports.ts';
import { moment } from './shape-parts.ts';

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

/** Records of the build cache; the engine really spells one field with a space before it. */
export const BuildCache = z
  .object({
    BuildCache: z
      .array(
        z.object({
          ID: z.string(),
          Parent: z.string().nullish(),
          Parents: z.array(z.string()).nullish(),
          ' Parents': z.array(z.string()).nullish(),
          Type: z.string().nullish(),
          Description: z.string().nullish(),
          InUse: z.boolean().nullish(),
          Shared: z.boolean().nullish(),
          Size: z.number(),
          CreatedAt: z.string().nullish(),
          LastUsedAt: z.string().nullish(),
        }),
      )
      .nullish(),
  })
  .transform(({ BuildCache: records }) =>
    (records ?? []).map((raw): RawRecord => {
      const createdAt = moment(raw.CreatedAt) ?? 0;
      return {
        id: raw.ID,
        parents: [...(raw.Parents ?? raw[' Parents'] ?? []), ...(raw.Parent ? [raw.Parent] : [])],
        size: Math.max(0, raw.Size),
        inUse: raw.InUse ?? false,
        shared: raw.Shared ?? false,
        internal: /^(internal|frontend)$/.test(raw.Type ?? ''),
        createdAt,
        usedAt: Math.max(createdAt, moment(raw.LastUsedAt) ?? 0),
        about: raw.Description ?? '',
      };
    }),
  );

export const CachePruned = z
  .object({ CachesDeleted: z.array(z.string()).nullish(), SpaceReclaimed: z.number().nullish() })
  .transform((raw) => ({ deleted: raw.CachesDeleted ?? [], freed: Math.max(0, raw.SpaceReclaimed ?? 0) }));

// --- internal ---

const share = (sizes: readonly number[]) => ({
  count: sizes.length,
  bytes: sizes.reduce((sum, size) => sum + Math.max(0, size), 0),
});
