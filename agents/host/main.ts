import { randomUUID } from 'node:crypto';
import { openRegistryThere } from '../registry/serve.ts';
import { ConfigError } from './config-error.ts';
import { readSettings, type Settings } from './environment.ts';
import { openLog } from './log.ts';
import { serve } from './serve.ts';
import { openHost } from './serve-host.ts';
import { processSignals, type Signals } from './signals.ts';
import { openState, type State } from './state.ts';

export type AgentOptions = {
  /** Shown in heartbeats. */
  version?: string;
  signals?: Signals;
  /** The time limit of one deletion, milliseconds; 10 minutes. */
  deletionMs?: number;
  out?: (text: string) => void;
  err?: (text: string) => void;
};

/** Runs the agent of the host and the registries that `env` describes until it is told to stop. Resolves to the exit code. */
export async function runAgent(env: NodeJS.ProcessEnv, options: AgentOptions = {}): Promise<number> {
  const { err = (text) => void process.stderr.write(text) } = options;
  const states: State[] = [];
  const open = async (dir: string) => {
    const state = await openState(dir, randomUUID);
    states.push(state);
    return state;
  };
  try {
    const settings = readSettings(env);
    try {
      const parts = await openParts(settings, options.deletionMs, open);
      await serveAll(settings, parts, options);
      return 0;
    } finally {
      for (const state of states) await state.close();
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    err(`${error.message}\n`);
    return 2;
  }
}

// --- internal ---

type Part = Pick<Parameters<typeof serve>[0], 'host' | 'state'> & { open: Parameters<typeof serve>[1] };

/** The host itself, unless there is no engine, and each registry with a state of its own. */
async function openParts(
  settings: Settings,
  deletionMs: number | undefined,
  open: (dir: string) => Promise<State>,
): Promise<Part[]> {
  const parts: Part[] = [];
  const { host, stateDir } = settings;
  if (settings.hasEngine) {
    const state = await open(stateDir);
    parts.push({ host, state, open: (given) => openHost(settings, state, deletionMs, given) });
  }
  for (const registry of settings.registries) {
    const state = await open(`${stateDir}/registry-${registry.name}`);
    const { rules } = settings;
    parts.push({
      ...{ host: registry.name, state },
      open: (given) => openRegistryThere({ ...registry, rules, by: host }, state, given),
    });
  }
  return parts;
}

async function serveAll(settings: Settings, parts: readonly Part[], options: AgentOptions): Promise<void> {
  const { version: agent = 'unknown', out = (text) => void process.stdout.write(text) } = options;
  const signals = options.signals ?? processSignals();
  const { host, redisUrl, rules, engine, registries } = settings;
  const log = openLog(settings.level, out, Date.now);
  log.warn('no keys are in use: whoever can write to this Redis can delete images on this host');
  const there = registries.length > 0 && { registries: registries.map(({ name }) => name) };
  let waiting = parts.length;
  const ready = (epoch: string) => {
    waiting--;
    if (waiting > 0) return;
    const at = settings.hasEngine && { engine: engine.text };
    log.info('ready', { host, ...at, agent, epoch, ...there });
  };
  await Promise.all(
    parts.map((part) => serve({ ...part, redisUrl, rules, agent, signals, log, ready }, part.open)),
  );
}
