import { z } from 'zod';
import { canonical, sha256 } from './hash.ts';
import { HostName, ImageId, RunId, UserId } from './ids.ts';
import { RunState } from './run.ts';

/** What happened, before it has a place in the chain. */
export const Fact = z.strictObject({
  at: z.number(),
  run: RunId,
  kind: z.enum([
    'requested',
    'planned',
    'confirmed',
    'approved',
    'denied',
    'cancelled',
    'continued',
    'expired',
    'undone',
    'again',
    'outcome',
    'ended',
    'lost',
    'recalled',
  ]),
  /** The person; absent where nobody decided, as with an expiry. */
  by: UserId.optional(),
  channel: z.string().optional(),
  /** The command as data would print it, on `requested`. */
  command: z.string().optional(),
  host: HostName.optional(),
  /** The digest of the plan that was shown. */
  plan: z.string().optional(),
  image: ImageId.optional(),
  references: z.array(z.string()).optional(),
  /** A stopped container that was removed for the image. */
  container: z.string().optional(),
  outcome: z.string().optional(),
  /** Bytes: planned on `planned`, freed on `outcome` and `ended`. */
  bytes: z.number().optional(),
  items: z.number().optional(),
  /** Records of the build cache, on `outcome` and `ended`. */
  cache: z.number().optional(),
  /** Images that were deleted, on `ended`; absent where all `items` were. */
  deleted: z.number().optional(),
  /** References that were taken away from images that stayed, on `ended`. */
  untagged: z.number().optional(),
  /** Images that an undo brought back, on `ended`. */
  restored: z.number().optional(),
  /** Of a run that was to show its plan and stop there, on `ended`. */
  dryRun: z.literal(true).optional(),
  /** The run that brings back what this one deleted, on `undone`. */
  undo: RunId.optional(),
  /** The run that asks for the same anew, on `again`. */
  again: RunId.optional(),
  state: RunState.optional(),
  /** Why an approval was needed, on `approved`. */
  rules: z.array(z.string()).optional(),
  /** The words of a denial, why an item did not go, why a run was refused, or by what it was put back. */
  reason: z.string().optional(),
  /** On `lost`: the first entry that Redis does not have any more; the last is the one before this. */
  from: z.int().positive().optional(),
  /** On `lost`: who says that the entry before this one was there, as in a sentence. */
  vouched: z.array(z.string()).optional(),
});
export type Fact = z.infer<typeof Fact>;

/** A fact in its place: numbered from 1, with the hash of the entry before and its own. */
export const Entry = Fact.extend({ n: z.number().int().positive(), prev: z.string(), hash: z.string() });
export type Entry = z.infer<typeof Entry>;

/** The newest entry's number and hash. */
export interface Head {
  n: number;
  hash: string;
}

/** What the first entry has before it. */
export const GENESIS: Head = { n: 0, hash: `sha256:${'0'.repeat(64)}` };

/**
 * Appends facts to the chain: an entry's hash is the SHA-256 of its canonical JSON (sorted keys, no
 * `hash`), which holds the hash of the entry before.
 */
export function chain(head: Head, facts: readonly Fact[]): Entry[] {
  let last = head;
  return facts.map((fact) => {
    const body = { ...fact, n: last.n + 1, prev: last.hash };
    const entry = { ...body, hash: sha256(canonical(body)) };
    last = entry;
    return entry;
  });
}

/** The number of the first entry that does not follow from the one before; `null` if all do. */
export function firstBreak(entries: readonly Entry[], head: Head = GENESIS): number | null {
  let last = head;
  for (const entry of entries) {
    const { hash, ...body } = entry;
    if (body.n !== last.n + 1 || body.prev !== last.hash || sha256(canonical(body)) !== hash)
      return last.n + 1;
    last = entry;
  }
  return null;
}
