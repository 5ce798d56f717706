import type { RunEvent } from '../domain/event.ts';
import { factsOf } from '../domain/facts.ts';
import type { HostName, RunId } from '../domain/ids.ts';
import type { Markup } from '../domain/markup.ts';
import { noRun, objection } from '../domain/objection.ts';
import type { Run } from '../domain/run.ts';
import { step } from '../domain/step.ts';
import type { Deps } from './_deps.ts';
import { dispatch } from './dispatch.ts';

/** How an event ended: stored, without effect, or objected to in words for the person who caused it. */
export type Advanced = { run: Run; changed: boolean } | { objection: Markup };

/**
 * Applies an event to a stored run: read, step, compare-and-set, and again from the start if somebody was
 * faster. Of a thousand concurrent presses one changes the run; the others meet its objection.
 */
export async function advance(deps: Deps, id: RunId, event: RunEvent): Promise<Advanced> {
  for (;;) {
    const before = await deps.runs.load(id);
    if (!before) return { objection: noRun(id) };
    const refusal = objection(before, event);
    if (refusal) return { objection: refusal };
    const after = step(before, event);
    if (after === before) return { run: before, changed: false };
    const named = tellsOutcomes(event) ? await namesOf(deps, before, event.host) : () => [];
    const stored = await deps.runs.commit(before, after, factsOf(before, after, event.at, named));
    if (!stored) continue;
    // It is stored, and counts: what it calls for the sweep repeats.
    if (callsForJobs(before, stored))
      await dispatch(deps, stored).catch((error) =>
        deps.log.error('jobs could not be handed out, and will be tried again', error, { run: id }),
      );
    return { run: stored, changed: true };
  }
}

// --- internal ---

type TellsOutcomes = Extract<RunEvent, { type: 'outcomes' | 'broken' | 'disowned' }>;
const tellsOutcomes = (event: RunEvent): event is TellsOutcomes =>
  event.type === 'outcomes' || event.type === 'broken' || event.type === 'disowned';

function callsForJobs(before: Run, after: Run): boolean {
  return (
    before.state !== after.state ||
    before.card !== after.card ||
    before.waves?.now !== after.waves?.now ||
    before.cancel !== after.cancel
  );
}

/** Only the plan of the host that it is about: of a thousand hosts each tells its outcomes. */
async function namesOf(deps: Deps, run: Run, about: HostName) {
  const plans = await deps.runs.plans(run, [about]);
  const names = new Map(
    [...plans].flatMap(([host, plan]) =>
      plan.items.map((item) => [`${host} ${item.image}`, item.references]),
    ),
  );
  return (host: string, image: string) => names.get(`${host} ${image}`) ?? [];
}
