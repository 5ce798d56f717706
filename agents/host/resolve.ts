import type { CacheOutcome, Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import type { Accepted } from './journal-memory.ts';
import type { Engine } from './ports.ts';
import { putBack } from './put-back.ts';

/**
 * What became of an item whose execution was broken off, by what the engine has now. Unknown where that may change: the
 * engine may yet be at a request, unless that `isOver`. Rejects with `EngineTrouble`.
 */
export async function resolveItem(
  engine: Engine,
  job: Accepted,
  index: number,
  why: Trouble,
  isOver: boolean,
): Promise<Outcome> {
  const item = job.items[index] as Item;
  const intent = job.intents.get(index);
  const known = job.outcomes.get(index);
  const tried = intent?.names ?? new Set<string>();
  // Who asked the engine for nothing took nothing away: somebody else did, such as the run before.
  const asked = item.containers.filter(({ id }) => tried.has(id));
  const left = await stillThere(engine, asked);
  const containers = asked.filter((one) => !left.has(one.id)).map(({ name }) => name);
  const end = (outcome: Outcome['outcome'], removed: readonly string[], reason?: Trouble): Outcome => ({
    ...{ image: item.image, outcome, removed: [...removed], freed: known?.freed ?? 0 },
    ...(containers.length > 0 && { containers }),
    ...(reason && { why: reason }),
  });
  const live = await engine.inspect(item.image);
  const names = live ? [...live.tags, ...live.digests] : [];
  if (item.action === 'restore') {
    const back = item.references.filter((name) => names.includes(name));
    return live && back.length === item.references.length
      ? end('restored', back)
      : end('failed', back, known?.why ?? why);
  }
  if (!live) {
    if (tried.size === asked.length || item.action === 'untag') return end('absent', []);
    return end('deleted', item.references, known?.why ?? why);
  }
  const last = [...tried].at(-1);
  if (!isOver && last !== undefined && (last === item.image || names.includes(last) || left.has(last)))
    return end('unknown', [], known?.why ?? why);
  const wanted = item.action === 'untag' ? item.remove : item.references;
  const missing = wanted.filter((name) => !names.includes(name));
  if (intent && item.action === 'untag' && missing.length === wanted.length) return end('untagged', missing);
  // The image stays: names that were taken away for nothing are given back.
  const taken = missing.filter((name) => tried.has(name) || known?.removed.includes(name));
  const back = await putBack(engine, item.image, taken);
  return end(
    'failed',
    taken.filter((name) => !back.includes(name)),
    known?.why ?? why,
  );
}

/** What became of the planned build cache, by what is left of it. Rejects with `EngineTrouble`. */
export async function resolveCache(engine: Engine, job: Accepted, why: Trouble): Promise<CacheOutcome> {
  const planned = job.cache.length;
  const freed = [...job.cacheFreed.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (!job.cacheIds) return { deleted: 0, skipped: planned, failed: 0, freed, why };
  const left = new Set((await engine.buildCache(true))?.map(({ id }) => id));
  const deleted = job.cacheIds.filter((id) => !left.has(id)).length;
  const skipped = planned - deleted;
  return { deleted, skipped, failed: 0, freed, ...(skipped > 0 && { why }) };
}

// --- internal ---

async function stillThere(engine: Engine, containers: Item['containers']): Promise<Set<string>> {
  const there = new Set<string>();
  for (const { id } of containers) if (await engine.container(id)) there.add(id);
  return there;
}
