import type { Disk } from './disk.ts';
import type { Problem } from './plan.ts';
import type { Goal } from './selection.ts';

/** Bytes to free until the goal is met: none where it is already, and a problem where the disk can't be seen. */
export function wantedBytes(goal: Goal, disk: Disk | null): number | Problem {
  if ('bytes' in goal) return goal.bytes;
  if (!disk) return { kind: 'no-disk' };
  return Math.max(0, Math.ceil(disk.total - disk.free - (disk.total * goal.percent) / 100));
}
