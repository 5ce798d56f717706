import { CallFailed, parse } from './engine-call.ts';
import type { Line } from './engine-line.ts';
import { Removed } from './engine-shapes.ts';
import { type Engine, EngineTrouble, type Removal } from './ports.ts';

/** Deletions of images and containers: what the engine answers is an outcome, never an error. */
export function openRemoval(
  { call }: Pick<Line, 'call'>,
  inUrl: { image(name: string): string; container(id: string): string },
  limitMs: number,
): Pick<Engine, 'remove' | 'removeContainer'> {
  const attempt = async (
    what: () => Parameters<Line['call']>[0],
    read: (data: unknown) => Pick<Extract<Removal, { kind: 'done' }>, 'untagged' | 'deleted'>,
  ): Promise<Removal> => {
    let sent = false;
    try {
      const data = await call(what(), limitMs);
      sent = true;
      return { kind: 'done', ...read(data) };
    } catch (error) {
      if (error instanceof EngineTrouble) return { kind: 'trouble', problem: error.problem, begun: sent };
      if (!(error instanceof CallFailed)) throw error;
      const { failure } = error;
      if (failure.kind === 'trouble') return failure;
      if (failure.status === 404) return { kind: 'absent' };
      if (failure.status === 409) return { kind: 'conflict', message: failure.message };
      return { kind: 'trouble', problem: { kind: 'engine', message: failure.message }, begun: true };
    }
  };

  return {
    remove: (nameOrId, { force }) =>
      attempt(
        () => ({
          method: 'DELETE',
          path: `/images/${inUrl.image(nameOrId)}`,
          // `noprune`, or untagged parents that no plan showed would go as well.
          query: { noprune: 1, ...(force && { force: 1 }) },
        }),
        (data) => parse(Removed, data),
      ),

    // Neither `force`, which would kill it, nor `v`, which would take its volumes.
    removeContainer: (id) =>
      attempt(
        () => ({ method: 'DELETE', path: `/containers/${inUrl.container(id)}` }),
        () => ({ untagged: [], deleted: [] }),
      ),
  };
}
