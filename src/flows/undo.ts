import { UserError } from '../domain/error.ts';
import type { HostName, RunId } from '../domain/ids.ts';
import { type Markup, say } from '../domain/markup.ts';
import { noRun, objection } from '../domain/objection.ts';
import { summarise } from '../domain/plan-summary.ts';
import { isOnline } from '../domain/protocol.ts';
import { type HostPart, hostsOf, isFinal, partsOf, type Run } from '../domain/run.ts';
import { planUndo } from '../domain/undo.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';
import type { Wanted } from './draft.ts';
import { type Following, follow } from './follow.ts';
import { answeredOnce } from './once.ts';
import { offline } from './reach.ts';
import { mayAsk } from './rights.ts';

/**
 * Brings back what a run deleted, by a run of its own. Whoever may ask for deletions may undo, and nothing more is
 * asked. Of a thousand presses one makes the new run, the others are told of it. Returns what only the presser is
 * told; `null` where a new card follows. Throws a `UserError` where this person may not.
 */
export async function undo(deps: Deps, asked: Following): Promise<Markup | null> {
  return answeredOnce(deps, asked, 'undo', () => outcome(deps, asked));
}

/** Plans an undo from what is stored of the run that it undoes. */
export async function planRestore(
  deps: Deps,
  run: Run,
  undone: RunId,
  due: readonly [HostName, HostPart][],
): Promise<void> {
  const original = await deps.runs.load(undone);
  const plans = original ? await deps.runs.plans(original) : undefined;
  for (const [host] of due) {
    const at = deps.clock();
    const plan = plans?.get(host);
    const part = original?.hosts[host];
    if (!plan || !part) {
      const why = { kind: 'refused', message: 'what it deleted is no longer stored' } as const;
      await advance(deps, run.id, { type: 'unplanned', at, host, why });
      continue;
    }
    // Where another bot has planned it, before a host told more, its plan is the one that is carried out.
    const kept = await deps.runs.savePlan(run.id, planUndo(host, plan, part, at));
    await advance(deps, run.id, { type: 'planned', at, host, plan: summarise(kept) });
  }
}

// --- internal ---

async function outcome(deps: Deps, asked: Following): Promise<Markup | null> {
  const run = await deps.runs.load(asked.run);
  if (!run) return noRun(asked.run);
  const last = run.undone?.at(-1);
  const event = { type: 'undo', after: last?.run ?? null } as const;
  const refusal = objection(run, { ...event, by: asked.user, at: deps.clock(), run: asked.run });
  if (refusal) return refusal;
  await mayAsk(deps, asked, hostsOf(run));
  const earlier = last && (await deps.runs.load(last.run));
  if (earlier && !isFinal(earlier.state)) return say`#${run.id} is being undone already: see #${earlier.id}.`;
  if (earlier?.state === 'done') return say`#${run.id} was undone already: see #${earlier.id}.`;
  return follow(deps, run, asked, {
    gate: `undo after ${last?.run ?? 'none'}`,
    unfinished: earlier ? undefined : last,
    markOf: ({ undone }) => undone?.at(-1),
    event: (mark) => ({ ...event, ...mark }),
    wanted: {
      where: run.where,
      hosts: await reached(deps, run),
      skipConfirmation: true,
      selection: { kind: 'undo', run: run.id },
    },
    late: (mark) => say`#${run.id} is being undone already${mark ? `: see #${mark.run}` : ''}.`,
  });
}

/** Those where it deleted something, as they are now. Throws a `UserError` where none can be reached. */
async function reached(deps: Deps, run: Run): Promise<Wanted['hosts']> {
  const known = new Map((await deps.hosts.list()).map((status) => [status.host, status]));
  const parts = partsOf(run).filter(([, { outcomes, cache }]) => outcomes.length > 0 || cache);
  const hosts = parts.map(([host]) => known.get(host) ?? { host });
  const now = deps.clock();
  if (hosts.some((host) => 'epoch' in host && isOnline(host, now))) return hosts;
  throw new UserError(offline(hosts.flatMap((host) => ('epoch' in host ? [host] : []))));
}
