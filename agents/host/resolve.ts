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
  item: Item,
  index: number,
  why: Trouble,
  isOver: boolean,
): Promise<Outcome> {
  const intent = job.intents.get(index);
  const known = job.outcomes.get(index);
  const containers = intent && item.containers.length > 0 ? await goneOf(engine, item) : [];
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
    // Who asked the engine for nothing deleted nothing: somebody else did, such as the run before.
    if (!intent?.names.size || item.action === 'untag') return end('absent', []);
    return end('deleted', item.references, known?.why ?? why);
  }
  const last = [...(intent?.names ?? [])].at(-1);
  if (!isOver && last !== undefined && (last === item.image || names.includes(last)))
    return end('unknown', [], known?.why ?? why);
  const wanted = item.action === 'untag' ? item.remove : item.references;
  const missing = wanted.filter((name) => !names.includes(name));
  if (intent && item.action === 'untag' && missing.length === wanted.length) return end('untagged', missing);
  // The image stays: names that were taken away for nothing are given back.
  const taken = missing.filter((name) => intent?.names.has(name) || known?.removed.includes(name));
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

/** Names of containers on an image that is gone, other than those that were shown: made in that very instant. */
export async function racedOn(engine: Engine, { items, outcomes }: Accepted): Promise<string[]> {
  const deleted = new Set([...outcomes.values()].flatMap((o) => (o.outcome === 'deleted' ? [o.image] : [])));
  if (deleted.size === 0) return [];
  const shown = new Set(items.flatMap(({ usedBy }) => usedBy.map(({ container }) => container)));
  return (await engine.containers())
    .filter(({ imageId, name }) => imageId !== null && deleted.has(imageId) && !shown.has(name))
    .map(({ name }) => name);
}

// --- internal ---

async function goneOf(engine: Engine, { containers }: Item): Promise<string[]> {
  const gone: string[] = [];
  for (const { id, name } of containers) if (!(await engine.container(id))) gone.push(name);
  return gone;
}
