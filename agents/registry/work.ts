import type { ImageId } from '../../src/domain/ids.ts';
import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import type { Job, ReportBody } from '../../src/domain/protocol.ts';
import { isThere as isOfRegistry } from '../../src/domain/selection.ts';
import { eachOf } from '../host/each.ts';
import { type Execution, guard, leftOut, noted, withinLimits } from '../host/execution.ts';
import { openProgress } from '../host/progress.ts';
import { type ExecuteJob, refused } from '../host/verify.ts';
import type { Finder, Work } from '../host/work.ts';
import { carryOutThere, isThere, thereOf } from './carry-out.ts';
import { openCheck } from './check.ts';
import { isAllowed, makePlanThere, type RegistryPlanner } from './planner.ts';
import type { Registry } from './ports.ts';

export type RegistryExecution = Pick<Execution, 'queue' | 'clock' | 'ledger' | 'log' | 'stop' | 'hurry'>;

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
      // One that is not remembered may have been anything: the stricter reading holds.
      const named = selection?.kind === 'registry rmi';
      await executeThere(job, named, planner, report, { ...execution, ...begun });
    },
  };
}

/** The registry itself says what became of what was begun. */
export function registryFinder(registry: Registry): Finder {
  const partsOf = async (item: Item) => {
    const parts = [];
    for (const { repository, known, remove } of thereOf(item))
      for (const tag of item.action === 'delete' ? [null] : remove) {
        const name = tag === null ? `${repository}@${item.image}` : `${repository}:${tag}`;
        const whole = tag === null && known.length > 0;
        const names = whole ? known.map((one) => `${repository}:${one}`) : [name];
        parts.push({ name, names, there: await isThere(item, repository, tag, registry) });
      }
    return parts;
  };
  return {
    life: async () => null,
    isThere: async (item) => (await partsOf(item)).some(({ there }) => there),
    async item(job, index, why, isOver): Promise<Outcome> {
      const item = job.items[index] as Item;
      const tried = job.intents.get(index)?.names ?? new Set<string>();
      const parts = await partsOf(item);
      const removed = parts.flatMap(({ name, names, there }) => (!there && tried.has(name) ? names : []));
      const end = (outcome: Outcome['outcome'], reason?: Trouble): Outcome => ({
        ...{ image: item.image, outcome, removed, freed: 0 },
        ...(reason && { why: reason }),
      });
      const known = job.outcomes.get(index)?.why ?? why;
      if (parts.every(({ there }) => !there)) {
        if (removed.length === 0) return end('absent');
        return end(item.action === 'delete' ? 'deleted' : 'untagged');
      }
      const last = [...tried].at(-1);
      const isAtIt = !isOver && parts.some(({ name, there }) => there && name === last);
      return isAtIt ? { ...end('unknown', known), removed: [] } : end('failed', known);
    },
    cache: async () => ({ deleted: 0, skipped: 0, failed: 0, freed: 0 }),
    raced: async () => [],
  };
}

// --- internal ---

const NO_HOST = 'this is a registry, and no host';
/** Manifests that are deleted side by side. */
const LANES = 4;

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

async function executeThere(
  job: ExecuteJob,
  named: boolean,
  planner: RegistryPlanner,
  report: (body: ReportBody) => Promise<void>,
  execution: RegistryExecution & Pick<Execution, 'notes' | 'doubt'>,
): Promise<void> {
  const { clock } = execution;
  const startedAt = clock.now();
  await report({ kind: 'started' });
  const progress = openProgress((outcomes) => report({ kind: 'outcomes', outcomes }), clock);
  const check = openCheck(planner, named, clock.now);
  const hands = {
    registry: planner.registry,
    ...check,
    notes: execution.notes,
    settle: () => clock.sleep(SETTLE_MS),
  };
  const ends = new Map<ImageId, Promise<Outcome>>();
  const begun = (item: Item) => noted(() => carryOutThere(item, hands), execution);
  const one = async (item: Item): Promise<Outcome> => {
    const before = await Promise.all((item.after ?? []).flatMap((digest) => ends.get(digest) ?? []));
    const left = before.find(({ outcome }) => outcome !== 'deleted' && outcome !== 'absent');
    const outcome =
      (await leftOut(job.run, item, execution)) ??
      (left
        ? skipped(item, { kind: 'part-of', of: namesOf(job, left.image) })
        : await guard(item, () => withinLimits(item, () => begun(item), execution), execution));
    progress.add(outcome);
    return outcome;
  };
  await eachOf(job.items, LANES, async (item) => {
    const end = one(item);
    ends.set(item.image, end);
    await end;
  });
  await progress.flush();
  const tookMs = clock.now() - startedAt;
  await report({ kind: 'finished', tookMs, before: null, after: null, raced: [] });
}

const SETTLE_MS = 3_000;

function namesOf({ items }: ExecuteJob, image: ImageId): string[] {
  const { references = [] } = items.find((item) => item.image === image) ?? {};
  return references.length > 0 ? references : [image];
}

const skipped = ({ image }: Item, why: Trouble): Outcome => ({
  ...{ image, outcome: 'skipped', removed: [], freed: 0, why },
});
