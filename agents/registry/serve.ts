import { readFileSync } from 'node:fs';
import type { HostName } from '../../src/domain/ids.ts';
import type { Heartbeat } from '../../src/domain/protocol.ts';
import type { Rules } from '../../src/domain/rules.ts';
import { ConfigError } from '../host/config-error.ts';
import { errorField } from '../host/log.ts';
import { EngineTrouble } from '../host/ports.ts';
import type { Parts, Served } from '../host/serve.ts';
import type { State } from '../host/state.ts';
import { withLimit } from '../host/time-limit.ts';
import { openRegistry } from './client.ts';
import { prefixesOf, type RegistrySettings } from './config.ts';
import { openContent } from './content.ts';
import { openCredentials } from './credentials.ts';
import { registryFinder } from './finder.ts';
import { LIMITS } from './limits.ts';
import { openMemory } from './memory.ts';
import { isAllowed, readAll, unlisted } from './planner.ts';
import { RegistryTrouble } from './ports.ts';
import { openRoster } from './roster.ts';
import { registryWork } from './work.ts';

/** How often all repositories are looked into: which tags were there and where they have gone, only we remember. */
const LOOK_MS = 3_600_000;
/** And which hosts there are; sooner where Redis did not say it. */
const HOSTS_MS = 60_000;
const AGAIN_MS = 2_000;
const PING_MS = 5_000;

/** A registry that an agent serves. Throws a `ConfigError`. */
export async function openRegistryThere(
  settings: RegistrySettings & { rules: Rules; by: HostName },
  state: State,
  { queue, ledger, clock, monotonic, wall, signals, log }: Parts,
): Promise<Served> {
  const { name: host, url, repositories: allowed, collects, by } = settings;
  const rules = { ...settings.rules, prefixes: prefixesOf(settings) };
  const registry = openRegistry({
    url,
    credentials: openCredentials(settings.credentials, new URL(url)),
    ca: settings.ca === undefined ? undefined : readCa(settings.ca),
  });
  const memory = await openMemory(state.path('seen.json'), log);
  const content = openContent(registry, memory, wall);
  const roster = await openRoster(queue, state.path('hosts.json'), wall, monotonic, log);
  const planner = { host, registry, content, memory, queue: roster, rules, allowed, collects, now: wall };
  let problem: Heartbeat['problem'] = null;

  /** A heartbeat does not wait longer for it: that it is slow is no reason to be taken for offline. */
  const ping = () =>
    withLimit(PING_MS, () => registry.ping()).catch((error) => {
      if (error instanceof EngineTrouble) throw error;
      throw new RegistryTrouble({ kind: 'registry', what: 'no-answer', message: error.message });
    });

  const lookAll = async (): Promise<undefined> => {
    const listed = await registry.repositories();
    const all = listed ?? unlisted(planner);
    // What hosts use is asked for where something may go.
    for (const name of all) if (isAllowed(allowed, name)) await readAll(planner, [name]);
    if (listed) memory.sawAll();
  };

  const told = (error: unknown): undefined => {
    if (!(error instanceof EngineTrouble)) log.error('looking into the registry failed', errorField(error));
    else log.warn('the registry could not be looked into', { registry: host, why: error.problem });
  };

  return {
    work: registryWork(planner, { ...signals, queue, clock, ledger, log }),
    finder: registryFinder(registry),
    async look() {
      try {
        await ping();
        if (problem) log.info('the registry answers again', { registry: host });
        problem = null;
      } catch (error) {
        if (!(error instanceof EngineTrouble)) throw error;
        if (!problem) log.warn('the registry does not answer', { registry: host, why: error.problem });
        problem = error.problem;
      }
      return { engine: null, problem, registry: { url, by }, disk: null, counts: null };
    },
    deletionMs: LIMITS.deletionMs,
    looked() {},
    async beside(end) {
      end.addEventListener('abort', () => registry.close(), { once: true });
      const every = async (ms: number, work: () => Promise<number | undefined>): Promise<void> => {
        for (let next = monotonic(); !end.aborted; ) {
          if (monotonic() >= next) next = monotonic() + ((await work()) ?? ms);
          // Not raced with the signal: each race would leave a listener at it.
          await clock.sleep(500);
        }
      };
      await Promise.all([
        every(HOSTS_MS, () =>
          roster.look().then(
            () => undefined,
            () => AGAIN_MS,
          ),
        ),
        every(LOOK_MS, () => lookAll().catch((error) => (end.aborted ? undefined : told(error)))),
      ]);
    },
    async last() {
      await Promise.all([memory.save(), roster.save()]);
    },
  };
}

// --- internal ---

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `DIMG_AGENT_CONFIG: registries.ca: can't read ${file}: ${(error as Error).message}.`,
    );
  }
}
