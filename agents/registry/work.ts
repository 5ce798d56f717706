import type { ImageId } from '../../src/domain/ids.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import type { Job } from '../../src/domain/protocol.ts';
import { isOfRegistry } from '../../src/domain/selection.ts';
import { refused } from '../host/verify.ts';
import type { Work } from '../host/work.ts';
import { thereOf } from './carry-out.ts';
import { executeThere, type RegistryExecution } from './execute.ts';
import { isAllowed, makePlanThere, type RegistryPlanner } from './planner.ts';

/** What is done with a registry. */
export function registryWork(planner: RegistryPlanner, execution: RegistryExecution): Work {
  return {
    objectionTo: (job) => objectionTo(job, planner.allowed),
    async survey(selection) {
      if (!isOfRegistry(selection)) throw new Error(NO_HOST);
      return makePlanThere(planner, selection);
    },
    async plan(selection) {
      if (!isOfRegistry(selection)) throw new Error(NO_HOST);
      return makePlanThere(planner, selection);
    },
    disk: () => Promise.reject(new Error(NO_HOST)),
    async carryOut(job, selection, report, begun) {
      if (job.kind !== 'execute') throw new Error(NO_HOST);
      const asked = {
        // One that is not remembered may have been anything: the stricter reading holds.
        named: selection?.kind === 'registry rmi',
        ...(selection && isOfRegistry(selection) && { replan: () => makePlanThere(planner, selection) }),
      };
      await executeThere(job, asked, planner, report, { ...execution, ...begun });
    },
  };
}

// --- internal ---

const NO_HOST = 'this is a registry, and no host';

function objectionTo(job: Job, allowed: readonly string[]): Trouble | null {
  switch (job.kind) {
    case 'heads':
      return null;
    case 'survey':
    case 'plan':
      return isOfRegistry(job.selection) ? null : refused(NO_HOST);
    case 'execute':
      if (job.cache.length > 0) return refused(NO_HOST);
      return (
        job.items.map((item) => flaw(item, allowed)).find((found) => found !== null) ?? unordered(job.items)
      );
    default:
      return refused(NO_HOST);
  }
}

/** What no plan of ours for a registry holds, and what would do more than it says. */
function flaw(item: Item, allowed: readonly string[]): Trouble | null {
  if (!item.manifest || item.containers.length > 0 || item.force) return refused(NO_HOST);
  const all = thereOf(item);
  if (all.length === 0) return refused('it names nothing that is to go');
  if (item.remove.some((name) => name.includes('@') && !name.endsWith(`@${item.image}`)))
    return refused(`what is to go is not ${item.image}`);
  if (all.some(({ repository }) => !isAllowed(allowed, repository)))
    return { kind: 'registry', what: 'not-listed' };
  for (const { known, remove } of all) {
    const more = remove.some((tag) => !known.includes(tag));
    const less = item.action === 'delete' && known.some((tag) => !remove.includes(tag));
    if (more || less || (item.action === 'untag' && remove.length === 0))
      return refused(`the tags to remove from ${item.image} are not those of the plan`);
  }
  return null;
}

/** What must be gone before it comes before it: else nobody would wait for that. */
function unordered(items: readonly Item[]): Trouble | null {
  const before = new Set<ImageId>();
  for (const { image, after = [] } of items) {
    if (!after.every((digest) => before.has(digest)))
      return refused('its items are not in the order of the plan');
    before.add(image);
  }
  return null;
}
