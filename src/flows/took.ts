import type { HostName } from '../domain/ids.ts';
import { type Plan, planDigest } from '../domain/plan.ts';
import { summarise } from '../domain/plan-summary.ts';
import type { ReportBody } from '../domain/protocol.ts';
import type { Run } from '../domain/run.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';

type Took = Extract<ReportBody, { kind: 'took' }>;

/**
 * What a host's journal says that it took on, after Redis had lost something: the plan is kept again where it is the one
 * that was decided on, so that people see what it was about and can undo it.
 */
export async function took(deps: Deps, run: Run, host: HostName, body: Took): Promise<void> {
  const { items, cache } = body;
  const known = run.hosts[host]?.plan?.digest ?? body.planDigest;
  const digest = planDigest(host, items, cache);
  if (digest !== body.planDigest || known !== digest)
    return deps.log.error('a host took on another plan than its run has', undefined, { run: run.id, host });
  const at = deps.clock();
  const plan: Plan = {
    ...{ host, takenAt: at, items, cache, kept: [], problems: [], digest },
    reclaim: [...items, ...cache].reduce((sum, { reclaim }) => sum + reclaim, 0),
  };
  // Whatever else was kept since: it is this one that was decided on.
  const kept = await deps.runs.savePlan(run.id, plan, run.hosts[host]?.plan !== undefined);
  const images = items.map(({ image }) => image);
  await advance(deps, run.id, { type: 'took', at, host, plan: summarise(kept), images });
}
