import { z } from 'zod';
import { canonical, sha256 } from './hash.ts';
import { HostName, ImageId } from './ids.ts';

/** A container that uses an image. */
export const Use = z.strictObject({ container: z.string(), running: z.boolean() });
export type Use = z.infer<typeof Use>;

/** Why an image stays. */
export const Reason = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('in-use'), by: z.array(Use).min(1) }),
  z.strictObject({ kind: z.literal('children'), of: z.array(z.string()).min(1) }),
  z.strictObject({ kind: z.literal('tagged') }),
  z.strictObject({ kind: z.literal('younger'), age: z.number() }),
  z.strictObject({ kind: z.literal('label') }),
  z.strictObject({ kind: z.literal('protected'), by: z.string() }),
  z.strictObject({ kind: z.literal('min-age'), age: z.number(), least: z.number() }),
  z.strictObject({ kind: z.literal('self') }),
  z.strictObject({ kind: z.literal('force-off') }),
]);
export type Reason = z.infer<typeof Reason>;

/** What is known of an image, whether it goes or stays. */
const Subject = {
  image: ImageId,
  /** Every reference that the image had when the plan was made. */
  references: z.array(z.string()),
  size: z.number().nonnegative(),
  createdAt: z.number(),
};

export const Item = z.strictObject({
  ...Subject,
  /** `delete` the image with all its references, or only `untag` those in `remove`. */
  action: z.enum(['delete', 'untag']),
  /** The references that go. */
  remove: z.array(z.string()),
  /** Passed to the engine: only for an image under containers, only when asked. */
  force: z.boolean(),
  /** Bytes that the disk gets back; a layer shared by several items counts at the last of them. */
  reclaim: z.number().nonnegative(),
  usedBy: z.array(Use),
  /** `repo@sha256:…` by which a registry still has it; absent when it can't be pulled again. */
  recoverable: z.string().optional(),
});
export type Item = z.infer<typeof Item>;

export const Kept = z.strictObject({ ...Subject, usedBy: z.array(Use), reason: Reason });
export type Kept = z.infer<typeof Kept>;

/** A name that means no image, or several. */
export const Problem = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('not-found'), name: z.string(), near: z.string().optional() }),
  z.strictObject({ kind: z.literal('ambiguous'), name: z.string(), matches: z.array(z.string()) }),
]);
export type Problem = z.infer<typeof Problem>;

export const Plan = z.strictObject({
  host: HostName,
  takenAt: z.number(),
  /** In the order of execution: children before their parents. */
  items: z.array(Item),
  kept: z.array(Kept),
  problems: z.array(Problem),
  /** Bytes, an estimate from layers. */
  reclaim: z.number().nonnegative(),
  digest: z.string(),
});
export type Plan = z.infer<typeof Plan>;

/** Binds a decision to exactly these deletions on this host. */
export function planDigest(host: HostName, items: readonly Item[]): string {
  return sha256(canonical({ host, items }));
}

/** The digest as the card shows it. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** What a person would call the image: its references, or its short ID. */
export function nameOf(subject: { image: ImageId; references: readonly string[] }): string {
  return subject.references[0] ?? `<none> ${subject.image.slice(7, 19)}`;
}
