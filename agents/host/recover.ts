import type { Image } from '../../src/domain/inventory.ts';
import { type Item, type Plan, planDigest } from '../../src/domain/plan.ts';
import { eachOf } from './each.ts';
import type { Engine } from './ports.ts';

/** Registry questions at once: a slow registry must not use up the 3 s for the others. */
const WIDTH = 32;

/**
 * Asks the registries which of the plan's images can be pulled again, `limitMs` in all, and puts the answer
 * into the items and thereby into the digest. Unanswered means no.
 */
export async function markRecoverable(
  engine: Engine,
  plan: Plan,
  images: ReadonlyMap<string, Image>,
  limitMs = 3000,
): Promise<Plan> {
  const found = new Map<string, string>();
  const asked = plan.items.filter(({ action }) => action === 'delete');
  const deadline = performance.now() + limitMs;
  await eachOf(asked, WIDTH, async ({ image }) => {
    for (const digest of images.get(image)?.digests ?? []) {
      const left = deadline - performance.now();
      if (left <= 0) return;
      if (await engine.distribution(digest, left)) {
        found.set(image, digest);
        return;
      }
    }
  });
  if (found.size === 0) return plan;
  const items = plan.items.map((item): Item => {
    const digest = found.get(item.image);
    return digest === undefined ? item : { ...item, recoverable: digest };
  });
  return { ...plan, items, digest: planDigest(plan.host, items, plan.cache) };
}
