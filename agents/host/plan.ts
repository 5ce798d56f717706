import { choose } from '../../src/domain/choose.ts';
import type { HostName } from '../../src/domain/ids.ts';
import type { Inventory } from '../../src/domain/inventory.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { Selection } from '../../src/domain/selection.ts';
import { type ImageCache, refresh, type Surroundings, takeInventory } from './inventory.ts';
import type { Engine } from './ports.ts';
import { markRecoverable } from './recover.ts';

export type Planner = {
  host: HostName;
  engine: Engine;
  cache: ImageCache;
  around: Surroundings;
  rules: Rules;
};

/** The selection applied to the host as it is now. Rejects with `EngineTrouble`. */
export async function makePlan(planner: Planner, selection: Selection): Promise<Plan> {
  const { engine, cache } = planner;
  let { plan, inventory } = await survey(planner, selection);
  const going = new Set(plan.items.map(({ image }) => image));
  const touched = inventory.images.filter(({ id }) => going.has(id));
  if (await refresh(engine, cache, touched)) ({ plan, inventory } = await survey(planner, selection));
  return markRecoverable(engine, plan, new Map(inventory.images.map((image) => [image.id, image])));
}

/** The same for the eye alone: no registry is asked, and what is known of images is believed. */
export async function survey(
  { host, engine, cache, around, rules }: Planner,
  selection: Selection,
): Promise<{ plan: Plan; inventory: Inventory }> {
  const inventory = await takeInventory(engine, cache, around);
  return { plan: choose(host, inventory, selection, rules, around.now()), inventory };
}
