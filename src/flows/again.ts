import { type Markup, say } from '../domain/markup.ts';
import { noRun, objection } from '../domain/objection.ts';
import { isOfRegistry } from '../domain/selection.ts';
import type { Deps } from './_deps.ts';
import { type Following, follow } from './follow.ts';
import { answeredOnce } from './once.ts';
import { reachToDelete } from './reach.ts';

/**
 * Asks for the same as an earlier run, by a run of its own: with a new plan, which needs its own confirmation or
 * approvals. Of a thousand presses one makes it, the others are told of it. Returns what only the presser is told;
 * `null` where a new card follows. Throws a `UserError` where this person may not.
 */
export async function again(deps: Deps, asked: Following): Promise<Markup | null> {
  return answeredOnce(deps, asked, 'again', () => outcome(deps, asked));
}

// --- internal ---

async function outcome(deps: Deps, asked: Following): Promise<Markup | null> {
  const run = await deps.runs.load(asked.run);
  if (!run) return noRun(asked.run);
  const event = { type: 'again', by: asked.user, at: deps.clock(), run: run.id } as const;
  const unfinished = run.again && !(await deps.runs.load(run.again.run)) ? run.again : undefined;
  const refusal = unfinished ? null : objection(run, event);
  if (refusal) return refusal;
  const { where, selection, dryRun, skipConfirmation, rollout } = run;
  const hosts = await reachToDelete(deps, asked, where, isOfRegistry(selection));
  return follow(deps, run, asked, {
    gate: 'again',
    unfinished,
    markOf: (one) => one.again,
    event: (mark) => ({ type: 'again', ...mark }),
    wanted: { where, selection, hosts, dryRun, skipConfirmation, ...(rollout && { rollout }) },
    late: (mark) =>
      mark
        ? say`#${run.id} was asked for again already: see #${mark.run}.`
        : say`#${run.id} is being asked for again already.`,
  });
}
