import { choose } from '../../src/domain/choose.ts';
import type { Disk } from '../../src/domain/disk.ts';
import type { Inventory } from '../../src/domain/inventory.ts';
import type { EngineProblem } from '../../src/domain/outcome.ts';
import { HEARTBEAT_MS, type Heartbeat, type Known } from '../../src/domain/protocol.ts';
import { plainPrune } from '../../src/domain/selection.ts';
import type { HeadJournal } from './head-journal.ts';
import { takeInventory } from './inventory.ts';
import { errorField } from './log.ts';
import type { Planner } from './plan.ts';
import { EngineTrouble, type Log, type Met, type Queue } from './ports.ts';
import type { Rival } from './rival.ts';

export type Pulse = {
  identity: string;
  epoch: string;
  agent: string;
  planner: Planner;
  queue: Pick<Queue, 'heartbeat'>;
  rival: Rival;
  heads: Pick<HeadJournal, 'saw'>;
  readDisk: (root: string) => Promise<Disk | null>;
  /** After each look at the engine; whether it answered. */
  looked: (answered: boolean) => void;
  known: () => Known;
  /** After each heartbeat that Redis took. */
  met: (met: Met) => void;
  monotonic: () => number;
  sleep: (ms: number) => Promise<void>;
  log: Log;
};

export type Heart = {
  /** One heartbeat now; `recount` also looks at all images first. False when Redis did not take it. */
  beat(recount: boolean): Promise<boolean>;
  /** Goes on beating until the signal. */
  run(end: AbortSignal): void;
};

const RECOUNT_MS = 60_000;

/** Counting may take long on a large host; the heartbeat does not wait longer for it. */
const COUNT_WAIT_MS = 3000;

/** Tells the bots that the host is there, how it is, and what a prune would free. */
export function openHeart(pulse: Pulse): Heart {
  const { planner, queue, rival, heads, log, monotonic } = pulse;
  let counts: Heartbeat['counts'] = null;
  let countedAt = Number.NEGATIVE_INFINITY;
  let counting: Promise<void> | null = null;
  let problem: EngineProblem | null = null;
  let failing = false;

  const recount = async () => {
    try {
      countedAt = monotonic();
      counts = count(planner, await takeInventory(planner.engine, planner.cache, planner.around));
    } catch (error) {
      countedAt = Number.NEGATIVE_INFINITY;
      if (!(error instanceof EngineTrouble)) log.error('counting failed', errorField(error));
    } finally {
      counting = null;
    }
  };

  const look = async (anew: boolean): Promise<Pick<Heartbeat, 'engine' | 'disk'>> => {
    try {
      const { root, ...engine } = await planner.engine.info();
      // What is being counted already may have begun before what calls for a new count.
      if (anew) await Promise.race([counting, pulse.sleep(COUNT_WAIT_MS)]);
      if (anew || monotonic() - countedAt >= RECOUNT_MS) counting ??= recount();
      await Promise.race([counting, pulse.sleep(COUNT_WAIT_MS)]);
      if (problem) log.info('the engine answers again');
      problem = null;
      return { engine, disk: await pulse.readDisk(root) };
    } catch (error) {
      if (!(error instanceof EngineTrouble)) throw error;
      if (problem?.kind !== error.problem.kind)
        log.warn('the engine does not answer', { why: error.problem });
      problem = error.problem;
      countedAt = Number.NEGATIVE_INFINITY;
      return { engine: null, disk: null };
    }
  };

  const send = async (anew: boolean): Promise<boolean> => {
    try {
      const { engine, disk } = await look(anew);
      // Before Redis is asked: what was learnt is worth keeping without it.
      pulse.looked(engine !== null);
      const { identity, epoch, agent } = pulse;
      const met = await queue.heartbeat(
        {
          ...{ v: 1, host: planner.host, identity, epoch, agent },
          ...{ engine, problem, disk, counts: engine ? counts : null },
        },
        pulse.known(),
      );
      const { before, auditHead } = met;
      pulse.met(met);
      // Not waited for: a disk that hangs must not make a host offline.
      void heads.saw(auditHead);
      if (rival.saw(before)) tellOfRival(log, rival.present());
      if (failing) log.info('heartbeats are sent again');
      failing = false;
      return true;
    } catch (error) {
      if (!failing) log.warn('a heartbeat was not sent; it is tried again', errorField(error));
      failing = true;
      return false;
    }
  };

  let last: Promise<unknown> = Promise.resolve();
  let pending = 0;
  const beat = (anew: boolean): Promise<boolean> => {
    pending++;
    const mine = last.then(() => send(anew)).finally(() => void pending--);
    last = mine;
    return mine;
  };

  return {
    beat,
    run(end) {
      if (end.aborted) return;
      // One may wait for its turn behind a slow one; more would only pile up.
      const timer = setInterval(() => pending > 1 || void beat(false), HEARTBEAT_MS);
      end.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
  };
}

// --- internal ---

function tellOfRival(log: Log, present: boolean): void {
  if (present) log.error('another agent answers for this name: jobs are refused until one of them ends');
  else log.info('no other agent answers for this name any more');
}

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
