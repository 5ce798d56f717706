import type { Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import { referencesOf, usesOf } from './check.ts';
import type { Engine, ImageDetails } from './ports.ts';

/** The engine's refusal in kinds that words exist for; who or what holds the image is looked up afresh. */
export async function readConflict(
  engine: Engine,
  item: Item,
  live: ImageDetails,
  message: string,
): Promise<Trouble> {
  if (/container/i.test(message)) {
    const by = usesOf(await engine.containers(), live, item);
    if (by.length > 0) return { kind: 'in-use', by };
  }
  if (/dependent child/i.test(message)) {
    const { images } = await engine.list();
    const of = images
      .filter(({ parent }) => parent === item.image)
      .map(({ tags, digests, id }) => tags[0] ?? digests[0] ?? `<none> ${id.slice(7, 19)}`);
    if (of.length > 0) return { kind: 'children', of: of.sort() };
  }
  if (/multiple repositories/i.test(message)) {
    const now = await engine.inspect(item.image);
    if (now) return referencesOf(now);
  }
  return { kind: 'engine', message };
}
