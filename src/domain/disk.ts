import { z } from 'zod';

/** Bytes of the file system that holds the engine's data. */
export const Disk = z.strictObject({ total: z.number(), free: z.number() });
export type Disk = z.infer<typeof Disk>;

/** How much of it is used, 0 to 1. */
export const usedShare = ({ total, free }: Disk): number => (total === 0 ? 0 : 1 - free / total);

const Share = z.strictObject({ count: z.number(), bytes: z.number().nonnegative() });

/** What fills the disk of a host. Sizes in bytes; layers that images share count once. */
export const DiskUse = z.strictObject({
  disk: Disk.nullable(),
  images: Share,
  /** What `prune` and `prune --all` would delete there, by the host's rules. */
  dangling: Share,
  unused: Share,
  /** Files that containers wrote themselves. */
  containers: Share,
  volumes: Share,
  unusedVolumes: Share,
  buildCache: Share,
});
export type DiskUse = z.infer<typeof DiskUse>;
