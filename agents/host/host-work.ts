import { isOfRegistry } from '../../src/domain/selection.ts';
import { carryBack } from './carry-back.ts';
import { diskUse } from './disk-use.ts';
import { type Asked, execute } from './execute.ts';
import type { Execution } from './execution.ts';
import { deletedOf } from './job-words.ts';
import { makePlan, type Planner, survey } from './plan.ts';
import type { Engine } from './ports.ts';
import { racedOn } from './raced.ts';
import { resolveCache, resolveItem } from './resolve.ts';
import { flawOf, refused } from './verify.ts';
import type { Finder, Work } from './work.ts';

/** What is done with the engine of a host. */
export function hostWork(planner: Planner, execution: Omit<Execution, 'notes' | 'doubt'>): Work {
  return {
    objectionTo(job) {
      if ((job.kind === 'plan' || job.kind === 'survey') && isOfRegistry(job.selection))
        return refused(NO_REGISTRY);
      return job.kind === 'execute' || job.kind === 'restore' ? flawOf(job.items) : null;
    },
    async survey(selection) {
      if (isOfRegistry(selection)) throw new Error(NO_REGISTRY);
      return (await survey(planner, selection)).plan;
    },
    async plan(selection) {
      if (isOfRegistry(selection)) throw new Error(NO_REGISTRY);
      return makePlan(planner, selection);
    },
    disk: () => diskUse(planner, execution.readDisk),
    async carryOut(job, selection, report, begun) {
      if (job.kind === 'restore') return carryBack(job, report, { ...execution, ...begun });
      const asked: Asked = {
        // One that is not remembered may have been anything: the stricter reading holds.
        prune: selection?.kind !== 'rmi',
        ...(selection && !isOfRegistry(selection) && { replan: () => makePlan(planner, selection) }),
      };
      return execute(job, asked, report, { ...execution, ...begun });
    },
  };
}

/** The engine itself says what became of what was begun. */
export const hostFinder = (engine: Engine): Finder => ({
  life: () => engine.life(),
  isThere: async ({ image }) => (await engine.inspect(image)) !== null,
  item: (job, index, why, isOver) => resolveItem(engine, job, index, why, isOver),
  cache: (job, why) => resolveCache(engine, job, why),
  raced: (job) => racedOn(engine, job.items, deletedOf(job), []),
});

// --- internal ---

const NO_REGISTRY = 'this is a host, and no registry';
