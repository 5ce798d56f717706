import { choose } from '../../src/domain/choose.ts';
import type { Disk, DiskUse } from '../../src/domain/disk.ts';
import { plainPrune } from '../../src/domain/selection.ts';
import { takeInventory } from './inventory.ts';
import type { Planner } from './plan.ts';

/** What fills the disk of this host, and what a prune would free of it. Rejects with `EngineTrouble`. */
export async function diskUse(
  { host, engine, cache, around, rules }: Planner,
  readDisk: (root: string) => Promise<Disk | null>,
): Promise<DiskUse> {
  const [info, usage, inventory] = await Promise.all([
    engine.info(),
    engine.usage(),
    takeInventory(engine, cache, around),
  ]);
  const pruned = (all: boolean) => {
    const { items, reclaim } = choose(host, inventory, plainPrune(all), rules, around.now());
    return { count: items.length, bytes: reclaim };
  };
  const { layers, ...others } = usage;
  return {
    disk: await readDisk(info.root),
    images: { count: inventory.images.length, bytes: layers },
    dangling: pruned(false),
    unused: pruned(true),
    ...others,
  };
}
