import type { HostName } from '../domain/ids.ts';
import type { Outcome, Trouble } from '../domain/outcome.ts';
import type { Run } from '../domain/run.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';

/**
 * Ends a host's part without its own word: what has no outcome yet gets this one. With `unsent` only if the
 * job was not handed out meanwhile, since then nobody but the agent knows.
 */
export async function breakOff(
  deps: Deps,
  run: Run,
  host: HostName,
  why: Trouble,
  outcome: 'skipped' | 'failed' | 'unknown',
  unsent: boolean,
): Promise<void> {
  const { items = [], cache = [] } = (await deps.runs.plans(run)).get(host) ?? {};
  const outcomes = items.map(({ image }): Outcome => ({ image, outcome, removed: [], freed: 0, why }));
  const [skipped, failed] = outcome === 'skipped' ? [cache.length, 0] : [0, cache.length];
  await advance(deps, run.id, {
    ...{ type: 'broken', at: deps.clock(), host, why, outcomes, unsent },
    ...(cache.length > 0 && { cache: { deleted: 0, skipped, failed, freed: 0, why } }),
  });
}
