import { z } from 'zod';
import { ImageId } from './ids.ts';
import { Trouble } from './outcome.ts';
import type { Item, Plan } from './plan.ts';

/** So many of each list are named; the others are counted. */
const NAMED = 20;

const Subject = {
  image: ImageId,
  /** What it is called; of what is only untagged, the references that go. */
  references: z.array(z.string()),
};

/** How a host has changed since a plan, where that is too much for the plan to be carried out. */
export const Drift = z.strictObject({
  /** Images of the plan. */
  of: z.number().int().positive(),
  /** Those that are no longer as they were shown. */
  unmatched: z.number().int().nonnegative(),
  /** The first of those, and why they don't go. */
  changed: z
    .array(
      z.strictObject({
        ...Subject,
        why: Trouble,
        /** A new plan takes it as well, but otherwise than it was shown. */
        otherwise: z.boolean(),
      }),
    )
    .max(NAMED),
  /** What the same command would do now; absent where the agent knows it no longer, or could not look. */
  plan: z
    .strictObject({
      digest: z.string(),
      /** Images that are deleted or untagged. */
      items: z.number().int().nonnegative(),
      untag: z.number().int().nonnegative(),
      untagReferences: z.number().int().nonnegative(),
      /** Records of the build cache. */
      cache: z.number().int().nonnegative(),
      /** Bytes, an estimate. */
      reclaim: z.number().nonnegative(),
      /** Images that were not in the old plan. */
      added: z.number().int().nonnegative(),
      /** The first of them; bytes, as of an item. */
      fresh: z
        .array(
          z.strictObject({
            ...Subject,
            size: z.number().nonnegative(),
            reclaim: z.number().nonnegative(),
            action: z.enum(['delete', 'untag']),
          }),
        )
        .max(NAMED),
    })
    .optional(),
});
export type Drift = z.infer<typeof Drift>;

/** The difference between what was planned and what can be found now. `plan` is what would be proposed instead. */
export function driftOf(
  items: readonly Item[],
  unmatched: ReadonlyMap<ImageId, Trouble>,
  plan: Plan | null,
): Drift {
  const going = new Set(plan?.items.map(({ image }) => image));
  const changed = items.flatMap((item) => {
    const why = unmatched.get(item.image);
    return why ? [{ ...subject(item), why, otherwise: going.has(item.image) }] : [];
  });
  return {
    of: items.length,
    unmatched: changed.length,
    changed: changed.slice(0, NAMED),
    ...(plan && { plan: newPlan(items, plan) }),
  };
}

// --- internal ---

function newPlan(items: readonly Item[], { digest, reclaim, cache, ...plan }: Plan): Drift['plan'] {
  const known = new Set(items.map(({ image }) => image));
  const added = plan.items.filter(({ image }) => !known.has(image));
  const untagged = plan.items.filter(({ action }) => action === 'untag');
  return {
    digest,
    items: plan.items.length,
    untag: untagged.length,
    untagReferences: untagged.reduce((n, { remove }) => n + remove.length, 0),
    cache: cache.length,
    reclaim,
    added: added.length,
    fresh: added.slice(0, NAMED).map((item) => ({
      ...subject(item),
      size: item.size,
      reclaim: item.reclaim,
      action: item.action === 'untag' ? 'untag' : 'delete',
    })),
  };
}

const subject = ({ image, action, references, remove }: Item) => ({
  image,
  references: [...(action === 'untag' ? remove : references)],
});
