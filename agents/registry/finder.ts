import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import type { Finder } from '../host/work.ts';
import { isThere, thereOf } from './carry-out.ts';
import type { Registry } from './ports.ts';

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
