import { choose } from '../../src/domain/choose.ts';
import type { HostName } from '../../src/domain/ids.ts';
import type { Inventory } from '../../src/domain/inventory.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { Selection } from '../../src/domain/selection.ts';
import { type ImageCache, refresh } from './details.ts';
import { type Surroundings, takeInventory } from './inventory.ts';
import type { Engine } from './ports.ts';
import { markRecoverable } from './recover.ts';

export type Planner = {
  host: HostName;
  engine: Engine;
  cache: ImageCache;
  around: Surroundings;
  rules: Rules;
  sleep: (ms: number) => Promise<void>;
};

/** An untagged image so young may be a step of a build that goes on in a moment. */
const STEP_MS = 3000;

/** The selection applied to the host as it is now. Rejects with `EngineTrouble`. */
export async function makePlan(planner: Planner, selection: Selection): Promise<Plan> {
  const { engine, cache, around, sleep } = planner;
  let { plan, inventory } = await survey(planner, selection);
  const wait = stepsUnderWay(plan, around.now());
  if (wait > 0) {
    await sleep(wait);
    ({ plan, inventory } = await survey(planner, selection));
  }
  const going = new Set(plan.items.map(({ image }) => image));
  const touched = inventory.images.filter(({ id }) => going.has(id));
  if (await refresh(engine, cache, touched, await around.settled()))
    ({ plan, inventory } = await survey(planner, selection));
  return markRecoverable(engine, plan, new Map(inventory.images.map((image) => [image.id, image])));
}

/** The same for the eye alone: no registry is asked, and what is known of images is believed. */
export async function survey(
  { host, engine, cache, around, rules }: Planner,
  selection: Selection,
): Promise<{ plan: Plan; inventory: Inventory }> {
  const inventory = await takeInventory(engine, cache, around, selection);
  return { plan: choose(host, inventory, selection, rules, around.now()), inventory };
}

// --- internal ---

/**
 * Milliseconds until what may be steps of builds are old enough to be judged: by then they have a name, a child or a
 * container. Hosts that keep images for longer by `min-age` never come here.
 */
function stepsUnderWay(plan: Plan, now: number): number {
  const ages = plan.items
    .filter(({ references }) => references.length === 0)
    .map(({ createdAt }) => now - createdAt)
    .filter((age) => age >= 0 && age < STEP_MS);
  return ages.length > 0 ? STEP_MS - Math.min(...ages) : 0;
}
