import { z } from 'zod';
import { ImageId } from './ids.ts';
import { Reason } from './plan.ts';
import { RegistryProblem } from './registry.ts';

/** What an engine, a registry or its agent could not do, in kinds that words exist for. */
export const EngineProblem = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unreachable'), at: z.string() }),
  z.strictObject({ kind: z.literal('permission'), at: z.string() }),
  z.strictObject({ kind: z.literal('no-answer') }),
  z.strictObject({ kind: z.literal('engine'), message: z.string() }),
  RegistryProblem,
]);
export type EngineProblem = z.infer<typeof EngineProblem>;

/** Why a planned item was not carried out, or a host's part not done. */
export const Trouble = z.discriminatedUnion('kind', [
  ...Reason.options,
  ...EngineProblem.options,
  /** A container that was to be removed first was started, or changed otherwise. */
  z.strictObject({ kind: z.literal('containers'), container: z.string() }),
  z.strictObject({ kind: z.literal('containers-off') }),
  z.strictObject({ kind: z.literal('cache-off') }),
  /** The engine refused, and nothing that it lists says why. */
  z.strictObject({ kind: z.literal('held') }),
  /** Of an undo: these names were given to another image meanwhile. */
  z.strictObject({ kind: z.literal('taken'), names: z.array(z.string()).min(1) }),
  /** Of an undo: what was only untagged was deleted since. */
  z.strictObject({ kind: z.literal('gone') }),
  z.strictObject({ kind: z.literal('not-pulled'), message: z.string() }),
  /** Its references are no longer those that were shown. */
  z.strictObject({ kind: z.literal('references'), now: z.array(z.string()) }),
  /** A container ran on it since the plan; `age` in milliseconds. */
  z.strictObject({ kind: z.literal('touched'), age: z.number() }),
  z.strictObject({ kind: z.literal('cancelled') }),
  /** It is as it was shown, but so much else is not that nothing of the plan was carried out. */
  z.strictObject({ kind: z.literal('stale') }),
  /** The job came after its expiry. */
  z.strictObject({ kind: z.literal('expired') }),
  /** The job was made for an agent that has since been started again. */
  z.strictObject({ kind: z.literal('restarted') }),
  /** The agent fell silent with the job: what it did it says once it is back. */
  z.strictObject({ kind: z.literal('lost') }),
  /** Redis lost what became of it, and the host did not tell. */
  z.strictObject({ kind: z.literal('forgotten') }),
  z.strictObject({ kind: z.literal('offline'), seenAt: z.number().nullable() }),
  z.strictObject({ kind: z.literal('refused'), message: z.string() }),
]);
export type Trouble = z.infer<typeof Trouble>;

/** How one planned item ended. */
export const Outcome = z.strictObject({
  image: ImageId,
  outcome: z.enum(['deleted', 'untagged', 'restored', 'absent', 'skipped', 'failed', 'unknown']),
  /** References that were taken away; of a restored one, those that were given back. */
  removed: z.array(z.string()),
  /** Names of containers that were removed for it. */
  containers: z.array(z.string()).optional(),
  /** Bytes that the engine confirmed as freed. */
  freed: z.number().nonnegative(),
  why: Trouble.optional(),
});
export type Outcome = z.infer<typeof Outcome>;

/** It was found to be gone when nobody could say any more what that freed: `why`. */
export const isUncounted = ({ outcome, freed, why }: Outcome): boolean =>
  outcome === 'deleted' && why !== undefined && freed === 0;

/** How a host's build cache went: so many records of those planned. */
export const CacheOutcome = z.strictObject({
  deleted: z.number(),
  /** In use by now, or gone. */
  skipped: z.number(),
  failed: z.number(),
  /** Nobody can say yet; absent where there are none, and in what was stored before this was told apart from failed. */
  unknown: z.number().optional(),
  freed: z.number().nonnegative(),
  why: Trouble.optional(),
});
export type CacheOutcome = z.infer<typeof CacheOutcome>;
