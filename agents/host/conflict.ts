import type { Trouble } from '../../src/domain/outcome.ts';
import { type Item, nameOf } from '../../src/domain/plan.ts';
import { references } from '../../src/domain/subject.ts';
import { holdersOf, referencesOf, toUses } from './check.ts';
import type { Engine, ImageDetails } from './ports.ts';

/**
 * The engine's refusal in kinds that words exist for, never its own words; who or what holds the image is looked up
 * afresh. A container that is in no list yet, since it is being made, is known by the ID that the engine gives.
 */
export async function readConflict(
  engine: Pick<Engine, 'containers' | 'list' | 'inspect'>,
  item: Item,
  live: ImageDetails,
  message: string,
): Promise<Trouble> {
  if (/container/i.test(message)) {
    const holders = holdersOf(await engine.containers(), live, item);
    if (holders.length > 0) return { kind: 'in-use', by: toUses(holders) };
    const [, id] = /container ([0-9a-f]{12,64})/i.exec(message) ?? [];
    if (id !== undefined)
      return { kind: 'in-use', by: [{ container: id, running: /running container/i.test(message) }] };
  }
  if (/dependent child/i.test(message)) {
    const of = (await engine.list()).images
      .filter(({ parent }) => parent === item.image)
      .map((image) => nameOf({ image: image.id, references: references(image) }));
    if (of.length > 0) return { kind: 'children', of: of.sort() };
  }
  if (/multiple repositories|repository reference/i.test(message)) {
    const now = await engine.inspect(item.image);
    if (now) return referencesOf(now);
  }
  return { kind: 'held' };
}
