import { isFinal, type Run } from '../domain/run.ts';
import type { Deps } from './_deps.ts';

/** Runs that are not over, oldest first. */
export async function openRuns(deps: Deps): Promise<Run[]> {
  const runs = await Promise.all((await deps.runs.open()).map((id) => deps.runs.load(id)));
  return runs.flatMap((run) => (run && !isFinal(run.state) ? [run] : [])).sort((a, b) => a.id - b.id);
}
