import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { openCache } from './details.ts';
import { openEngine } from './engine.ts';
import type { Settings } from './environment.ts';
import { openHas } from './has.ts';
import { openHostLook } from './host-look.ts';
import { hostFinder, hostWork } from './host-work.ts';
import { type LastUsed, openLastUsed } from './last-used.ts';
import { besideNoneThatHangs } from './one-hangs.ts';
import type { Parts, Served } from './serve.ts';
import type { State } from './state.ts';
import { openDiskReader, ownContainer } from './surroundings.ts';
import { openWatch } from './watch.ts';

/** The engine of the host that an agent is on. */
export async function openHost(
  settings: Settings,
  state: State,
  deletionMs: number | undefined,
  { queue, ledger, clock, monotonic, wall, signals, log }: Parts,
): Promise<Served> {
  const { host, rules } = settings;
  const own = ownContainer(hostname());
  const inContainer = own.length > 0 || existsSync('/.dockerenv');
  const readDisk = openDiskReader(inContainer);
  const disk = async (root: string) => (settings.engine.local ? readDisk(root) : null);
  const engine = besideNoneThatHangs(
    openEngine({
      address: settings.engine,
      registryAuth: settings.registryAuth,
      removeLimitMs: deletionMs,
    }),
    monotonic,
  );
  const traces = await openLastUsed(state.path('last-used.json'), wall, log);
  let stale = () => {};
  // Who begins to use an image must be known to registries soon.
  const lastUsed: LastUsed = {
    ...traces,
    used(id, at) {
      traces.used(id, at);
      stale();
    },
    arrived(id, at) {
      traces.arrived(id, at);
      stale();
    },
  };
  const cache = openCache();
  const watch = openWatch({
    ...{ engine, lastUsed, log, sleep: clock.sleep },
    touched: (image) => void cache.details.delete(image),
  });
  const around = {
    ...{ ownContainer: own, now: wall, lastUsed, settled: watch.settled, allowance: ledger.left },
    readDisk: async () => disk((await engine.info()).root),
  };
  const planner = { host, engine, cache, rules, around, sleep: clock.sleep };
  const has = openHas(queue, log);
  const looking = openHostLook({ planner, has, readDisk: disk, monotonic, sleep: clock.sleep, log });
  stale = looking.stale;
  return {
    work: hostWork(planner, { ...planner, ...signals, queue, clock, ledger, readDisk: disk, log }),
    finder: hostFinder(engine),
    look: looking.look,
    deletionMs,
    looked: (answered) => {
      if (!answered) watch.doubt();
      // Not waited for: a disk that hangs must not make a host offline.
      void lastUsed.save();
    },
    beside: (end) => watch.run(end),
    last: () => lastUsed.save('at once'),
  };
}
