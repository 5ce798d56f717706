import { z } from 'zod';
import { Disk, DiskUse } from './disk.ts';
import { Drift } from './drift.ts';
import { HostName, RunId } from './ids.ts';
import { CacheOutcome, EngineProblem, Outcome, Trouble } from './outcome.ts';
import { CacheItem, Item, Plan } from './plan.ts';
import { RegistryPruneSelection } from './registry-selection.ts';
import { AnySelection, isOfRegistry, PruneSelection, type UndoSelection } from './selection.ts';

/** Names in Redis. The hash tag keeps them in one slot of a cluster. */
export const PREFIX = '{dimg}';
export const key = {
  /** BullMQ's queue of one host; the prefix is BullMQ's own option. */
  queue: (host: HostName): string => `host.${host}`,
  /** Hash: host name to its newest heartbeat. */
  hosts: `${PREFIX}:hosts`,
  /** Sorted set: host name by the Redis server's time of its newest heartbeat, in milliseconds. */
  seen: `${PREFIX}:seen`,
  /** Stream of what agents report; the bots read it as one consumer group. */
  reports: `${PREFIX}:reports`,
  /** Hash: the newest audit entry's `n` and `hash`; agents write down what they see there. */
  auditHead: `${PREFIX}:audit:head`,
  /**
   * Set of one host: `<job> <seq>` of its reports whose effect is stored. The agent keeps a report in its journal until it
   * finds it here, and takes it out then.
   */
  acked: (host: HostName): string => `${PREFIX}:acked:${host}`,
  /**
   * Hash of one host: by `sha256:…` what it has, `1` where a container uses it and `0` where none does. The digests of its images
   * in repositories are there, and their IDs. By `used-in team/app`, digests with blanks between them: what containers use of
   * repositories of that path, in whichever registry. Under `at` is when it was written down, in milliseconds since 1970; under
   * `mark` by which of the host's tellings, so that it sees whether its newest stands there.
   */
  has: (host: HostName): string => `${PREFIX}:has:${host}`,
  /** Hash: host name to what its journal knows (`Known`), so that it outlives what Redis forgets. */
  known: `${PREFIX}:known`,
  /** Exists while a run's cancellation is asked for; an agent looks between images. */
  cancel: (run: RunId): string => `${PREFIX}:cancel:${run}`,
} as const;

const header = {
  v: z.literal(1),
  /** Unique for ever; an agent accepts it once. */
  id: z.string().min(1).max(200),
  host: HostName,
  /** The agent start that it was made for. */
  epoch: z.string(),
  /** By the Redis server's clock, in milliseconds; not started later than this. */
  notAfter: z.number(),
};

/** What a prune would do is shown without asking for one. */
export const SurveySelection = z.discriminatedUnion('kind', [PruneSelection, RegistryPruneSelection]);
export type SurveySelection = z.infer<typeof SurveySelection>;

/** A head of the audit as a host saw it; `at` by the host's clock, in milliseconds since 1970. */
export const AuditHead = z.strictObject({
  n: z.int().positive(),
  hash: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  at: z.number(),
});
export type AuditHead = z.infer<typeof AuditHead>;

/** One message to one host. */
export const Job = z.discriminatedUnion('kind', [
  z.strictObject({ ...header, kind: z.literal('survey'), selection: SurveySelection }),
  z.strictObject({ ...header, kind: z.literal('disk') }),
  /** Which heads of the audit the host has seen. */
  z.strictObject({ ...header, kind: z.literal('heads') }),
  z.strictObject({ ...header, kind: z.literal('plan'), run: RunId, selection: AnySelection }),
  z
    .strictObject({
      ...header,
      kind: z.literal('execute'),
      run: RunId,
      planDigest: z.string(),
      items: z.array(Item),
      cache: z.array(CacheItem),
      /** Where more than this share of the images no longer match, nothing is done; absent: whatever still matches is. */
      staleOver: z.number().min(0).max(1).optional(),
    })
    .refine(({ items, cache }) => items.length + cache.length > 0, 'there is nothing to do'),
  /** Brings back what an earlier run deleted: items of the action `restore`. */
  z.strictObject({
    ...header,
    kind: z.literal('restore'),
    run: RunId,
    planDigest: z.string(),
    items: z.array(Item).min(1),
  }),
]);
export type Job = z.infer<typeof Job>;

/** What a host's journal knows of what Redis should: the highest run that it worked for, and the newest head that it saw. */
export const Known = z.object({ run: RunId.nullable(), audit: AuditHead.nullable() });
export type Known = z.infer<typeof Known>;

export const ReportBody = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('plan'), plan: Plan }),
  z.strictObject({ kind: z.literal('disk'), use: DiskUse }),
  /** Oldest first: the newest, and some of the older ones. */
  z.strictObject({ kind: z.literal('heads'), heads: z.array(AuditHead).max(2_500) }),
  /** The job was not done at all, and will not be. */
  z.strictObject({ kind: z.literal('refused'), why: Trouble }),
  z.strictObject({ kind: z.literal('started') }),
  /**
   * What the host took on, as its journal has it: said before its reports are sent again to a Redis that has forgotten
   * something, so that a run which is lost can be put together anew.
   */
  z.strictObject({
    kind: z.literal('took'),
    planDigest: z.string(),
    items: z.array(Item),
    cache: z.array(CacheItem),
  }),
  /** The host has changed too much: every item is skipped. */
  z.strictObject({ kind: z.literal('stale'), drift: Drift }),
  z.strictObject({ kind: z.literal('outcomes'), outcomes: z.array(Outcome).min(1) }),
  z.strictObject({ kind: z.literal('cache'), cache: CacheOutcome }),
  z.strictObject({
    kind: z.literal('finished'),
    tookMs: z.number(),
    /** Free disk before and after, where the agent can see the disk. */
    before: Disk.nullable(),
    after: Disk.nullable(),
    /** Containers found on an image that vanished: created in the instant of its deletion. */
    raced: z.array(z.string()),
    /** Nothing was done, as the `stale` report says: it may come after this one. */
    stale: z.literal(true).optional(),
  }),
]);
export type ReportBody = z.infer<typeof ReportBody>;

/** One message from a host about one job. */
export const Report = z.strictObject({
  v: z.literal(1),
  host: HostName,
  epoch: z.string(),
  job: z.string(),
  /** Counts from 1 within a job. */
  seq: z.number().int().positive(),
  body: ReportBody,
});
export type Report = z.infer<typeof Report>;

/** What an agent tells every 15 s. */
export const Heartbeat = z.strictObject({
  v: z.literal(1),
  host: HostName,
  /** Made once in the agent's state folder; the same agent started again keeps it. */
  identity: z.string(),
  epoch: z.string(),
  agent: z.string(),
  engine: z
    .strictObject({
      version: z.string(),
      api: z.string(),
      store: z.enum(['graph driver', 'containerd']),
      driver: z.string(),
    })
    .nullable(),
  problem: EngineProblem.nullable(),
  /**
   * Of a registry's agent: where it is, and which agent serves it, by the name of its host. Then there is no engine, and
   * nothing of a host is asked of it.
   */
  registry: z.strictObject({ url: z.string(), by: HostName.optional() }).optional(),
  disk: Disk.nullable(),
  counts: z
    .strictObject({
      images: z.number(),
      containers: z.number(),
      dangling: z.number(),
      reclaimable: z.number(),
    })
    .nullable(),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** A heartbeat with the Redis server's time at which it came. */
export interface HostStatus extends Heartbeat {
  seenAt: number;
}

export const HEARTBEAT_MS = 15_000;
/** A host silent for longer is offline: nothing is queued for it. */
export const OFFLINE_MS = 45_000;
/** A survey or a plan unanswered for longer is `not answering`. */
export const ANSWER_MS = 20_000;
/** The same of a registry, of which each manifest is a question of its own: thousands, where it was never read before. */
export const ANSWER_THERE_MS = 120_000;

/** How long an answer about a selection is waited for. */
export const answerMs = (selection: AnySelection | UndoSelection): number =>
  isOfRegistry(selection) ? ANSWER_THERE_MS : ANSWER_MS;

export const isOnline = (host: HostStatus, now: number): boolean => now - host.seenAt < OFFLINE_MS;
