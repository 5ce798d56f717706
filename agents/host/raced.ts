import type { ImageId } from '../../src/domain/ids.ts';
import type { Item } from '../../src/domain/plan.ts';
import type { Engine } from './ports.ts';

/**
 * Names of containers whose image is among the deleted ones and gone, other than those that were shown or were there
 * before: made in that very instant. Rejects with `EngineTrouble`.
 */
export async function racedOn(
  engine: Pick<Engine, 'containers' | 'inspect'>,
  items: readonly Item[],
  deleted: ReadonlySet<ImageId>,
  before: readonly string[],
): Promise<string[]> {
  if (deleted.size === 0) return [];
  const known = new Set([...before, ...items.flatMap(({ usedBy }) => usedBy.map((use) => use.container))]);
  const raced: string[] = [];
  for (const { imageId, name } of await engine.containers()) {
    if (imageId === null || !deleted.has(imageId) || known.has(name)) continue;
    // One that was pulled again meanwhile is there for it.
    if (!(await engine.inspect(imageId))) raced.push(name);
  }
  return raced;
}
