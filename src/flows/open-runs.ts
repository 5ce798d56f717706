import { NewerError } from '../domain/error.ts';
import type { RunId } from '../domain/ids.ts';
import { isFinal, type Run } from '../domain/run.ts';
import type { Deps } from './_deps.ts';

/** Runs that are not over, oldest first. */
export async function openRuns(deps: Deps): Promise<Run[]> {
  const runs = await loadAll(deps, await deps.runs.open());
  return runs.filter((run) => !isFinal(run.state)).sort((a, b) => a.id - b.id);
}

/** Those of these runs that are there and that this version can read: one of a newer one must not hide the others. */
export async function loadAll(deps: Deps, ids: readonly RunId[]): Promise<Run[]> {
  const runs = await Promise.all(
    ids.map((id) =>
      deps.runs.load(id).catch((error) => {
        if (error instanceof NewerError) return null;
        throw error;
      }),
    ),
  );
  return runs.filter((run) => run !== null);
}
