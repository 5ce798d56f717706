import { z } from 'zod';
import { canonical, sha256 } from './hash.ts';
import { HostName, ImageId } from './ids.ts';
import { RegistryProblem } from './registry.ts';

/** A container that uses an image; `stoppedFor` in milliseconds, where that was looked for. */
export const Use = z.strictObject({
  container: z.string(),
  running: z.boolean(),
  stoppedFor: z.number().optional(),
});
export type Use = z.infer<typeof Use>;

/** Why an image stays. */
export const Reason = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('in-use'), by: z.array(Use).min(1) }),
  z.strictObject({ kind: z.literal('children'), of: z.array(z.string()).min(1) }),
  z.strictObject({ kind: z.literal('tagged') }),
  z.strictObject({ kind: z.literal('younger'), age: z.number() }),
  z.strictObject({ kind: z.literal('used'), age: z.number() }),
  z.strictObject({ kind: z.literal('label') }),
  z.strictObject({ kind: z.literal('repo') }),
  z.strictObject({ kind: z.literal('not-repo'), by: z.string() }),
  z.strictObject({ kind: z.literal('newest'), of: z.string(), most: z.number() }),
  z.strictObject({ kind: z.literal('goal') }),
  z.strictObject({ kind: z.literal('limit'), again: z.number() }),
  z.strictObject({ kind: z.literal('protected'), by: z.string() }),
  z.strictObject({ kind: z.literal('min-age'), age: z.number(), least: z.number() }),
  z.strictObject({ kind: z.literal('self') }),
  z.strictObject({ kind: z.literal('force-off') }),
  /** In a registry: its tag `latest`. */
  z.strictObject({ kind: z.literal('latest') }),
  /** Containers on these hosts use it. */
  z.strictObject({
    kind: z.literal('on-hosts'),
    names: z.array(z.string()).min(1),
    count: z.int().positive(),
  }),
  z.strictObject({ kind: z.literal('not-tag'), by: z.string() }),
  z.strictObject({ kind: z.literal('tag') }),
  z.strictObject({ kind: z.literal('untagged') }),
  /** Nothing says when it was made. */
  z.strictObject({ kind: z.literal('no-date') }),
  /** A part of, or a word about, what stays. */
  z.strictObject({ kind: z.literal('part-of'), of: z.array(z.string()).min(1) }),
  /** What it says something about is in no repository that was read. */
  z.strictObject({ kind: z.literal('astray') }),
  /** These tags on the same manifest stay, and the registry can't delete one without the others. */
  z.strictObject({ kind: z.literal('shared'), tags: z.array(z.string()).min(1) }),
  /** The same manifest goes whole from another repository in the same run. */
  z.strictObject({ kind: z.literal('elsewhere') }),
  /** It would go, were it not for a problem that the plan tells of. */
  z.strictObject({ kind: z.literal('withheld') }),
]);
export type Reason = z.infer<typeof Reason>;

/** The first of some names, and how many there are. */
const SomeNames = z.strictObject({ names: z.array(z.string()), count: z.int().nonnegative() });
const MOST_NAMES = 20;
export const someNames = (names: readonly string[]): z.infer<typeof SomeNames> => ({
  ...{ names: names.slice(0, MOST_NAMES), count: names.length },
});

/** What is known of an image, whether it goes or stays. */
const Subject = {
  image: ImageId,
  /** Every reference that the image had when the plan was made. */
  references: z.array(z.string()),
  size: z.number().nonnegative(),
  /** 0 where nothing says; so in a registry. */
  createdAt: z.number(),
  /** In a registry, when it was first seen there. */
  usedAt: z.number(),
  /** In a registry, where `image` is the digest of a manifest. */
  manifest: z
    .strictObject({
      kind: z.enum(['image', 'index', 'artifact']),
      platforms: z.array(z.string()),
      /** Hosts that have it, and those of them on which a container uses it. */
      on: SomeNames,
      usedOn: SomeNames,
    })
    .optional(),
};

/** A stopped container that is removed before the image it holds. */
export const Stopped = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string(),
  /** By this it is known again: one that ran meanwhile ended at another time. */
  stoppedAt: z.number(),
});
export type Stopped = z.infer<typeof Stopped>;

export const Item = z.strictObject({
  ...Subject,
  /**
   * `delete` the image with all its references, or only `untag` those in `remove`; or, of an undo, `restore` it
   * and its references.
   */
  action: z.enum(['delete', 'untag', 'restore']),
  /** The references that go. */
  remove: z.array(z.string()),
  /** Containers that go first. */
  containers: z.array(Stopped),
  /** Passed to the engine: only for an image under containers, only when asked. */
  force: z.boolean(),
  /** Bytes that the disk gets back; a layer shared by several items counts at the last of them. */
  reclaim: z.number().nonnegative(),
  usedBy: z.array(Use),
  /** `repo@sha256:…` by which a registry still has it; absent when it can't be pulled again. */
  recoverable: z.string().optional(),
  /** The Compose project that built it, where that is down. */
  project: z.string().optional(),
  /** In a registry: it goes only once these are gone, which it is a part of, or says something about. */
  after: z.array(ImageId).optional(),
});
export type Item = z.infer<typeof Item>;

export const Kept = z.strictObject({
  ...Subject,
  usedBy: z.array(Use),
  reason: Reason,
  /** Bytes that the disk would get back if this image alone went. */
  reclaim: z.number().nonnegative(),
});
export type Kept = z.infer<typeof Kept>;

/** A record of the build cache that goes. */
export const CacheItem = z.strictObject({
  id: z.string().regex(/^[a-z0-9]{1,64}$/),
  about: z.string(),
  usedAt: z.number(),
  reclaim: z.number().nonnegative(),
});
export type CacheItem = z.infer<typeof CacheItem>;

/** What could not be planned: a name that means no image, or several; what this host does not allow or know. */
export const Problem = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('not-found'), name: z.string(), near: z.string().optional() }),
  z.strictObject({ kind: z.literal('ambiguous'), name: z.string(), matches: z.array(z.string()) }),
  /** The host's own rules forbid it. */
  z.strictObject({ kind: z.literal('not-allowed'), what: z.enum(['stopped-containers', 'build-cache']) }),
  /** The agent can't see the disk that `--free-to` is about. */
  z.strictObject({ kind: z.literal('no-disk') }),
  /** All that may go frees less than was asked for; bytes. */
  z.strictObject({ kind: z.literal('goal-missed'), wanted: z.number(), reached: z.number() }),
  /** Of an undo: what does not come back, and why. */
  z.strictObject({
    kind: z.literal('lost'),
    why: z.enum(['irrecoverable', 'container', 'build-cache']),
    /** The first of them. */
    names: z.array(z.string()),
    count: z.number().int().positive(),
  }),
  /** Hosts that have not told which images they have, so that nothing they may use is pruned; what is `named` goes. */
  z.strictObject({
    kind: z.literal('unheard'),
    hosts: z.array(z.string()).min(1),
    named: z.literal(true).optional(),
  }),
  /** What a registry did not do, or not let do; `name`: a repository or tag that is left alone because of it. */
  z.strictObject({ kind: z.literal('registry'), name: z.string().optional(), why: RegistryProblem }),
]);
export type Problem = z.infer<typeof Problem>;

/** How a registry frees what no manifest needs any more. */
export const Collects = z.enum(['distribution', 'harbor', 'zot', 'other']);
export type Collects = z.infer<typeof Collects>;

export const Plan = z.strictObject({
  host: HostName,
  takenAt: z.number(),
  /** In the order of execution: children before their parents. */
  items: z.array(Item),
  kept: z.array(Kept),
  /** Records of the build cache that go, after the images: children before their parents. */
  cache: z.array(CacheItem),
  problems: z.array(Problem),
  /** Bytes, an estimate from layers. */
  reclaim: z.number().nonnegative(),
  /** Of a registry: how it gives back what was deleted. */
  collects: Collects.optional(),
  digest: z.string(),
});
export type Plan = z.infer<typeof Plan>;

/** Binds a decision to exactly these deletions on this host. */
export function planDigest(host: HostName, items: readonly Item[], cache: readonly CacheItem[]): string {
  return sha256(canonical({ host, items, cache }));
}

/** The digest as the card shows it. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** What a person would call the image: its references, or its short ID. */
export function nameOf(subject: { image: ImageId; references: readonly string[] }): string {
  return subject.references[0] ?? `<none> ${subject.image.slice(7, 19)}`;
}
