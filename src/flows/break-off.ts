import type { HostName } from '../domain/ids.ts';
import type { CacheOutcome, Outcome, Trouble } from '../domain/outcome.ts';
import type { Run } from '../domain/run.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';

type Become = 'skipped' | 'failed' | 'unknown';

/**
 * Ends a host's part without its own word: what has no outcome yet gets this one. With `unsent` only if the
 * job was not handed out meanwhile, since then nobody but the agent knows.
 */
export async function breakOff(
  deps: Deps,
  run: Run,
  host: HostName,
  why: Trouble,
  outcome: Become,
  unsent: boolean,
): Promise<void> {
  const all = await everyItem(deps, run, host, why, outcome);
  await advance(deps, run.id, { type: 'broken', at: deps.clock(), host, why, ...all, unsent });
}

/** The agent has said that it never began the job. */
export async function disown(deps: Deps, run: Run, host: HostName, why: Trouble): Promise<void> {
  const all = await everyItem(deps, run, host, why, 'failed');
  await advance(deps, run.id, { type: 'disowned', at: deps.clock(), host, why, ...all });
}

// --- internal ---

async function everyItem(deps: Deps, run: Run, host: HostName, why: Trouble, outcome: Become) {
  const { items = [], cache = [] } = (await deps.runs.plans(run, [host])).get(host) ?? {};
  const outcomes = items.map(({ image }): Outcome => ({ image, outcome, removed: [], freed: 0, why }));
  const records: CacheOutcome = { deleted: 0, skipped: 0, failed: 0, freed: 0, why };
  return { outcomes, ...(cache.length > 0 && { cache: { ...records, [outcome]: cache.length } }) };
}
