import { z } from 'zod';
import { ImageId } from './ids.ts';
import { Reason } from './plan.ts';

/** What an engine or its agent could not do, in kinds that words exist for. */
export const EngineProblem = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('unreachable'), at: z.string() }),
  z.strictObject({ kind: z.literal('permission'), at: z.string() }),
  z.strictObject({ kind: z.literal('no-answer') }),
  z.strictObject({ kind: z.literal('engine'), message: z.string() }),
]);
export type EngineProblem = z.infer<typeof EngineProblem>;

/** Why a planned item was not carried out, or a host's part not done. */
export const Trouble = z.discriminatedUnion('kind', [
  ...Reason.options,
  ...EngineProblem.options,
  /** Its references are no longer those that were shown. */
  z.strictObject({ kind: z.literal('references'), now: z.array(z.string()) }),
  z.strictObject({ kind: z.literal('cancelled') }),
  /** The job came after its expiry. */
  z.strictObject({ kind: z.literal('expired') }),
  /** The job was made for an agent that has since been started again. */
  z.strictObject({ kind: z.literal('restarted') }),
  /** The agent fell silent. */
  z.strictObject({ kind: z.literal('lost') }),
  z.strictObject({ kind: z.literal('offline'), seenAt: z.number().nullable() }),
  z.strictObject({ kind: z.literal('refused'), message: z.string() }),
]);
export type Trouble = z.infer<typeof Trouble>;

/** How one planned item ended. */
export const Outcome = z.strictObject({
  image: ImageId,
  outcome: z.enum(['deleted', 'untagged', 'absent', 'skipped', 'failed', 'unknown']),
  /** References that were taken away. */
  removed: z.array(z.string()),
  /** Bytes that the engine confirmed as freed. */
  freed: z.number().nonnegative(),
  why: Trouble.optional(),
});
export type Outcome = z.infer<typeof Outcome>;
