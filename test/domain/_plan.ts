import { choose } from '../../src/domain/choose.ts';
import type { ImageId } from '../../src/domain/ids.ts';
import type { Inventory } from '../../src/domain/inventory.ts';
import type { Plan, Reason } from '../../src/domain/plan.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { PruneSelection, Selection } from '../../src/domain/selection.ts';
import { HOST, id, NOW, pruning, rules } from './_build.ts';

/** What `prune -a` with these options would do. */
export const every = (given: Partial<PruneSelection> = {}): PruneSelection =>
  pruning({ all: true, ...given });

export const planOf = (inventory: Inventory, selection: Selection = every(), by: Rules = rules()): Plan =>
  choose(HOST, inventory, selection, by, NOW);

export const going = (...given: Parameters<typeof planOf>): ImageId[] =>
  planOf(...given).items.map(({ image }) => image);

/** Why the named image stays; undefined where it is not among those shown as kept. */
export const reasonOf = (name: string, ...given: Parameters<typeof planOf>): Reason | undefined =>
  planOf(...given).kept.find(({ image }) => image === id(name))?.reason;

/** The IDs of images in the order of their names here. */
export const ids = (...names: string[]): ImageId[] => names.map(id);
