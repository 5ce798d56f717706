import type { ImageId } from '../../src/domain/ids.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import { type Hands, thereOf } from './carry-out.ts';
import { RegistryTrouble } from './ports.ts';

/**
 * What of the items is no longer as it was shown, and why: judged in their order, as one by one just before each is
 * touched. What is gone is as it was wanted. A registry that does not let itself be read says nothing about that.
 */
export async function unmatchedThere(
  items: readonly Item[],
  { check }: Pick<Hands, 'check'>,
): Promise<Map<ImageId, Trouble>> {
  const found = new Map<ImageId, Trouble>();
  const supposed = new Set<string>();
  for (const item of items)
    for (const { repository } of thereOf(item)) {
      const seen = await check(item, repository, supposed).catch((error) => {
        if (error instanceof RegistryTrouble) return null;
        throw error;
      });
      if (!seen) return found;
      if (seen.there && seen.why) found.set(item.image, seen.why);
      // What it is a part of no longer holds it when its own turn comes.
      else if (!seen.there || item.action === 'delete') supposed.add(`${repository}@${item.image}`);
    }
  return found;
}
