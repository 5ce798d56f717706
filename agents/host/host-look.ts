import { choose } from '../../src/domain/choose.ts';
import type { Disk } from '../../src/domain/disk.ts';
import type { Inventory } from '../../src/domain/inventory.ts';
import type { EngineProblem } from '../../src/domain/outcome.ts';
import type { Heartbeat } from '../../src/domain/protocol.ts';
import { plainPrune } from '../../src/domain/selection.ts';
import type { Has } from './has.ts';
import type { Pulse } from './heartbeat.ts';
import { takeInventory } from './inventory.ts';
import { errorField } from './log.ts';
import type { Planner } from './plan.ts';
import { EngineTrouble, type Log } from './ports.ts';

const RECOUNT_MS = 60_000;
/** Containers come and go by the dozen: what changes together is counted together, in a tenth of the time at most. */
const SOON_MS = 1_000;
const SELDOM = 10;

/** Counting may take long on a large host; the heartbeat does not wait longer for it. */
const COUNT_WAIT_MS = 3000;

/** Looks at the engine, and from time to time at all images: what a prune would free. */
export function openHostLook({
  planner,
  has,
  readDisk,
  monotonic,
  sleep,
  log,
}: {
  planner: Planner;
  has: Pick<Has, 'tell'>;
  readDisk: (root: string) => Promise<Disk | null>;
  monotonic: () => number;
  sleep: (ms: number) => Promise<void>;
  log: Log;
}): { look: Pulse['look']; stale(): void } {
  let counts: Heartbeat['counts'] = null;
  let countedAt = Number.NEGATIVE_INFINITY;
  let counting: Promise<void> | null = null;
  let soon = false;
  /** Until then the last count has not had its ten times as long. */
  let rested = Number.NEGATIVE_INFINITY;
  let problem: EngineProblem | null = null;

  const recount = async () => {
    const since = monotonic();
    try {
      countedAt = since;
      const inventory = await takeInventory(planner.engine, planner.cache, planner.around);
      counts = count(planner, inventory);
      // Not waited for: it is told with a later look as well.
      void has.tell(inventory);
    } catch (error) {
      countedAt = Number.NEGATIVE_INFINITY;
      if (!(error instanceof EngineTrouble)) log.error('counting failed', errorField(error));
    } finally {
      rested = monotonic() + (SELDOM - 1) * (monotonic() - since);
      counting = null;
    }
  };

  const recountSoon = async () => {
    await sleep(SOON_MS);
    // One that runs may have begun before what has changed.
    while (counting || monotonic() < rested) {
      await counting;
      if (monotonic() < rested) await sleep(rested - monotonic());
    }
    soon = false;
    // Another has seen it meanwhile.
    if (countedAt === Number.NEGATIVE_INFINITY) counting = recount();
  };

  const look: Pulse['look'] = async (anew) => {
    try {
      const { root, ...engine } = await planner.engine.info();
      // What is being counted already may have begun before what calls for a new count.
      if (anew) await Promise.race([counting, sleep(COUNT_WAIT_MS)]);
      if (anew || monotonic() - countedAt >= RECOUNT_MS) counting ??= recount();
      await Promise.race([counting, sleep(COUNT_WAIT_MS)]);
      if (problem) log.info('the engine answers again');
      problem = null;
      return { engine, problem, disk: await readDisk(root), counts };
    } catch (error) {
      if (!(error instanceof EngineTrouble)) throw error;
      if (problem?.kind !== error.problem.kind)
        log.warn('the engine does not answer', { why: error.problem });
      problem = error.problem;
      countedAt = Number.NEGATIVE_INFINITY;
      return { engine: null, problem, disk: null, counts: null };
    }
  };

  return {
    look,
    /** Something has changed: it is counted anew, and told, soon. */
    stale() {
      countedAt = Number.NEGATIVE_INFINITY;
      if (soon) return;
      soon = true;
      void recountSoon();
    },
  };
}

// --- internal ---

function count({ host, rules, around }: Planner, inventory: Inventory): NonNullable<Heartbeat['counts']> {
  const parents = new Set(inventory.images.map(({ parent }) => parent));
  const named = inventory.images.filter(({ tags, digests }) => tags.length + digests.length > 0);
  const untagged = inventory.images.filter(({ tags, id }) => tags.length === 0 && !parents.has(id));
  const listed = new Set([...named, ...untagged]);
  return {
    images: listed.size,
    containers: inventory.containers.length,
    dangling: untagged.length,
    reclaimable: choose(host, inventory, plainPrune(true), rules, around.now()).reclaim,
  };
}
