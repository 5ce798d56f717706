import { type Graph, graph } from '../../src/domain/graph.ts';
import type { ImageId } from '../../src/domain/ids.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { Item, Plan } from '../../src/domain/plan.ts';
import type { ReportBody } from '../../src/domain/protocol.ts';
import { openTally } from '../../src/domain/tally.ts';
import { carryOut } from './carry-out.ts';
import { isStale, leaveAll, unmatched } from './drift.ts';
import { eachOf } from './each.ts';
import { type Execution, ended, guard, leftOut, noted, withinLimits } from './execution.ts';
import { takeInventory } from './inventory.ts';
import type { Engine, EngineInfo } from './ports.ts';
import { openProgress } from './progress.ts';
import { pruneCache } from './prune-cache.ts';
import type { ExecuteJob } from './verify.ts';
import { openWait } from './wait.ts';

/** What the plan was made of, which the job does not say. */
export type Asked = {
  prune: boolean;
  /** The same selection applied anew; absent where it is not known any more. */
  replan?: () => Promise<Plan>;
};

/**
 * Carries out the items of an accepted job, and nothing else: none where the host has changed too much for it. Resolves
 * when everything is reported; rejects with `EngineTrouble` only before the first deletion and before `started` is
 * reported.
 */
export async function execute(
  job: ExecuteJob,
  { prune, replan }: Asked,
  report: (body: ReportBody) => Promise<void>,
  execution: Execution,
): Promise<void> {
  const { engine, clock, cache, around, rules } = execution;
  const info = await engine.info();
  const inventory = await takeInventory(engine, cache, around);
  const world = graph(inventory);
  const before = await execution.readDisk(info.root);
  const startedAt = clock.now();
  await report({ kind: 'started' });

  const arrivedAt = (image: ImageId) => around.lastUsed.of(image).arrivedAt;
  const usedAt = (image: ImageId) => around.lastUsed.of(image).usedAt;
  const circumstances = () => ({ world, rules, arrivedAt, usedAt, prune, now: around.now() });
  const changed = unmatched(job.items, circumstances());
  if (isStale(job, changed) && !(await ended(job.run, execution))) {
    await leaveAll(job, changed, replan, report, execution.log);
    const after = await execution.readDisk(info.root);
    const tookMs = clock.now() - startedAt;
    return report({ kind: 'finished', tookMs, before, after, raced: [], stale: true });
  }

  const progress = openProgress((outcomes) => report({ kind: 'outcomes', outcomes }), clock);
  const wait = openWait(engine, clock, execution.stop);
  const ends = new Map<ImageId, Promise<Outcome>>();
  const gone = new Set<ImageId>();
  const hands = {
    engine,
    circumstances: () => ({ ...circumstances(), gone }),
    freed: freedBy(info, world),
    ...wait,
    hurry: execution.hurry,
    notes: execution.notes,
  };
  const begun = (item: Item) => noted(() => carryOut(item, hands), execution);
  const one = async (item: Item): Promise<Outcome> => {
    // Children come first in a plan; those that some lane has in its hands are waited for.
    await Promise.all((world.children.get(item.image) ?? []).map((child) => ends.get(child)));
    const outcome =
      (await leftOut(job.run, item, execution)) ??
      (await guard(item, () => withinLimits(item, () => begun(item), execution), execution));
    if (outcome.outcome === 'deleted' || outcome.outcome === 'absent') gone.add(item.image);
    progress.add(outcome);
    return outcome;
  };
  // On the containerd store each deletion is a garbage collection, which concurrent ones share.
  await eachOf(job.items, info.store === 'containerd' ? 16 : 4, async (item) => {
    const end = one(item);
    ends.set(item.image, end);
    await end;
  });
  await progress.flush();
  if (job.cache.length > 0)
    await report({ kind: 'cache', cache: await pruneCache(job, { ...execution, ...wait }) });

  const deleted = new Set<ImageId>();
  for (const { image, outcome } of await Promise.all(ends.values()))
    if (outcome === 'deleted') deleted.add(image);
  const after = await execution.readDisk(info.root);
  const tookMs = clock.now() - startedAt;
  // A container that is just being made is listed only once it is whole.
  if (deleted.size > 0) await clock.sleep(RACE_MS);
  const raced = await racedBy(engine, job.items, deleted, world);
  await report({ kind: 'finished', tookMs, before, after, raced });
}

// --- internal ---

/** Longer than an engine takes to make a container. */
const RACE_MS = 300;

/**
 * A graph driver lists the chain IDs that it let go. The containerd store lists none: there a layer was freed with the
 * last that had it.
 */
function freedBy({ store }: EngineInfo, world: Graph) {
  const tally = openTally(world);
  const containers = new Map(world.containers.map((container) => [container.id, container]));
  return (item: Item, deleted: readonly string[]): number => {
    if (store === 'graph driver')
      return deleted.reduce((sum, chain) => sum + (world.layers.get(chain) ?? 0), 0);
    let freed = 0;
    for (const { id } of item.containers) {
      const container = containers.get(id);
      // What it wrote itself was counted when it went; of two images that it held the first accounts for it.
      if (container && containers.delete(id))
        freed += tally.release({ container: { ...container, size: 0 } });
    }
    return freed + tally.release({ image: item.image });
  };
}

/** Containers on an image that is gone, other than those that were shown or there before. */
async function racedBy(
  engine: Engine,
  items: readonly Item[],
  deleted: ReadonlySet<ImageId>,
  world: Graph,
): Promise<string[]> {
  const known = new Set(items.flatMap(({ usedBy }) => usedBy.map(({ container }) => container)));
  for (const { name } of world.containers) known.add(name);
  const containers = await engine.containers().catch(() => []);
  return containers
    .filter(({ imageId, name }) => imageId !== null && deleted.has(imageId) && !known.has(name))
    .map(({ name }) => name);
}
