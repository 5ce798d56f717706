import { z } from 'zod';
import { Disk } from './disk.ts';
import { Drift } from './drift.ts';
import { HostName, RunId, UserId } from './ids.ts';
import { CacheOutcome, Outcome, Trouble } from './outcome.ts';
import { type Plan, Problem } from './plan.ts';
import { PruneSelection, RmiSelection, UndoSelection } from './selection.ts';

export const RunState = z.enum([
  'planning',
  'empty',
  'refused',
  'proposed',
  'executing',
  'denied',
  'cancelled',
  'expired',
  'stale',
  'done',
  'partial',
  'failed',
  'unknown',
]);
export type RunState = z.infer<typeof RunState>;

/** What a run's reducer needs to know of a plan; the plan itself is stored beside the run and never changes. */
export const PlanSummary = z.strictObject({
  digest: z.string(),
  items: z.number(),
  /** Items that are only untagged, and the references that they lose. */
  untag: z.number(),
  untagReferences: z.number(),
  /** Stopped containers that are removed first, each counted once. */
  containers: z.number(),
  /** Records of the build cache. */
  cache: z.number(),
  kept: z.number(),
  reclaim: z.number(),
  irrecoverable: z.number(),
  /** Those of them that have a tag: only these can need an approval. */
  irrecoverableTagged: z.number(),
  problems: z.array(Problem),
});
export type PlanSummary = z.infer<typeof PlanSummary>;

export const HostPart = z.strictObject({
  epoch: z.string(),
  stage: z.enum(['waiting', 'planned', 'executing', 'ended']),
  /** The last job that was handed to the queue; `sending` is stored before that of an execution is. */
  sent: z.enum(['nothing', 'plan', 'sending', 'execute']),
  plan: PlanSummary.optional(),
  /** Why this host's part could not be planned or carried out. */
  trouble: Trouble.optional(),
  outcomes: z.array(Outcome),
  cache: CacheOutcome.optional(),
  /** How the host has changed since the plan, where that was too much for any of it to be carried out. */
  drift: Drift.optional(),
  finished: z
    .strictObject({
      tookMs: z.number(),
      before: Disk.nullable(),
      after: Disk.nullable(),
      raced: z.array(z.string()),
      stale: z.literal(true).optional(),
    })
    .optional(),
});
export type HostPart = z.infer<typeof HostPart>;

/** The share of a plan's images that may have changed where the configuration does not say. */
export const STALE_OVER = 0.5;

/** When an approval is needed, how many, how long a proposal stands and what it binds. From the bot's configuration. */
export const ApprovalPolicy = z.strictObject({
  count: z.number().int().positive(),
  expires: z.number().positive(),
  /** Where more than this share of a host's images no longer match its plan, nothing of it is carried out. */
  staleOver: z.number().min(0).max(1).default(STALE_OVER),
  neededFor: z.strictObject({
    force: z.boolean(),
    stoppedContainers: z.boolean(),
    irrecoverable: z.boolean(),
    /** Bytes. */
    reclaimOver: z.number().optional(),
    hostsOver: z.number().optional(),
  }),
});
export type ApprovalPolicy = z.infer<typeof ApprovalPolicy>;

const By = { by: UserId, at: z.number() };

/** Many hosts in turn: some alone first, the others so many at a time. */
export const Rollout = z.strictObject({
  canary: z.number().int().positive().optional(),
  batch: z.number().int().positive().optional(),
});
export type Rollout = z.infer<typeof Rollout>;

export const Run = z.strictObject({
  v: z.literal(1),
  id: RunId,
  /** Goes up by one with every stored change. */
  rev: z.number().int().nonnegative(),
  state: RunState,
  createdAt: z.number(),
  requester: UserId,
  team: z.string(),
  channel: z.string(),
  /** As typed: a host, a list, a glob or `all`. */
  where: z.string(),
  selection: z.discriminatedUnion('kind', [PruneSelection, RmiSelection, UndoSelection]),
  rollout: Rollout.optional(),
  dryRun: z.boolean(),
  /** `prune -f`: do not ask. */
  skipConfirmation: z.boolean(),
  policy: ApprovalPolicy,
  hosts: z.record(HostName, HostPart),
  card: z.strictObject({ channel: z.string(), ts: z.string() }).optional(),
  planningSince: z.number().optional(),
  proposedAt: z.number().optional(),
  expiresAt: z.number().optional(),
  /** When approvers were reminded, at half time. */
  remindedAt: z.number().optional(),
  /** The rules that ask for an approval; empty where the requester's confirmation is enough. */
  approvalFor: z.array(
    z.enum(['force', 'stopped-containers', 'irrecoverable', 'reclaim-over', 'hosts-over']),
  ),
  approvals: z.array(z.strictObject(By)),
  confirmed: z.strictObject(By).optional(),
  denied: z.strictObject({ ...By, reason: z.string().optional() }).optional(),
  cancel: z.strictObject(By).optional(),
  /** Why it was refused, where no single host says. */
  refusal: z.string().optional(),
  executingSince: z.number().optional(),
  /** With a rollout: hosts by turn, whose turn it is, and since when. */
  waves: z
    .strictObject({
      hosts: z.array(z.array(HostName).min(1)),
      now: z.number().int().nonnegative(),
      since: z.number(),
    })
    .optional(),
  /** Between two waves: until somebody lets it go on, or `until`. */
  paused: z
    .strictObject({ at: z.number(), until: z.number(), why: z.enum(['canary', 'trouble']) })
    .optional(),
  continued: z.array(z.strictObject(By)).optional(),
  endedAt: z.number().optional(),
  /** Runs that brought back what this one deleted, oldest first. */
  undone: z.array(z.strictObject({ ...By, run: RunId })).optional(),
  /** The run in which somebody asked for the same anew, since nothing came of this one. */
  again: z.strictObject({ ...By, run: RunId }).optional(),
  /** The newest audit entry of this run. */
  audit: z.strictObject({ n: z.number(), hash: z.string() }).optional(),
});
export type Run = z.infer<typeof Run>;

export const hostsOf = (run: Run): HostName[] => Object.keys(run.hosts) as HostName[];
export const partsOf = (run: Run): [HostName, HostPart][] =>
  Object.entries(run.hosts) as [HostName, HostPart][];

export function isFinal(state: RunState): boolean {
  return state !== 'planning' && state !== 'proposed' && state !== 'executing';
}

/** Whether the agent may have the job of this part's execution, and so may have begun. */
export const isHandedOut = ({ sent }: HostPart): boolean => sent === 'sending' || sent === 'execute';

type JobKind = 'plan' | 'execute' | 'restore';

/** Whether an undo may have something to do; what exactly, only the plans tell. */
export function canUndo(run: Run): boolean {
  if (!isFinal(run.state) || run.selection.kind === 'undo') return false;
  return Object.values(run.hosts).some(({ plan, outcomes }) => {
    const pullable = plan !== undefined && plan.items - plan.untag > plan.irrecoverable;
    return outcomes.some(
      ({ outcome, removed }) =>
        outcome === 'untagged' ||
        (outcome === 'deleted' || outcome === 'unknown' ? pullable : removed.length > 0),
    );
  });
}

/** Whether it ended without anybody's decision being carried out, so that its button asks for the same anew. */
export function canRunAgain({ state, selection }: Run): boolean {
  return (state === 'stale' || state === 'expired') && selection.kind !== 'undo';
}

/** `plan-1042-host-3`: the same job has the same id however often it is sent, so it is queued once. */
export function jobId(kind: JobKind, run: RunId, host: HostName): string {
  return `${kind}-${run}-${host}`;
}

/** The run and host that a job id names; `null` for a survey's. */
export function parseJobId(id: string): { kind: JobKind; run: RunId; host: HostName } | null {
  const match = /^(plan|execute|restore)-(\d+)-(.+)$/.exec(id);
  if (!match) return null;
  return {
    kind: match[1] as JobKind,
    run: RunId.parse(Number(match[2])),
    host: HostName.parse(match[3]),
  };
}

export function summarise(plan: Plan): PlanSummary {
  const untagged = plan.items.filter((item) => item.action === 'untag');
  const lost = plan.items.filter((item) => item.action === 'delete' && item.recoverable === undefined);
  return {
    digest: plan.digest,
    items: plan.items.length,
    untag: untagged.length,
    untagReferences: untagged.reduce((n, item) => n + item.remove.length, 0),
    containers: new Set(plan.items.flatMap(({ containers }) => containers.map(({ id }) => id))).size,
    cache: plan.cache.length,
    kept: plan.kept.length,
    reclaim: plan.reclaim,
    irrecoverable: lost.length,
    irrecoverableTagged: lost.filter((item) => item.references.some((ref) => !ref.includes('@'))).length,
    problems: plan.problems,
  };
}

/** What of a plan is carried out: images and records of the build cache. */
export const workOf = (plan: PlanSummary | undefined): number => (plan ? plan.items + plan.cache : 0);

/** Sums over all hosts of a run. */
export function totals(run: Run) {
  const parts = Object.values(run.hosts);
  const outcomes = parts.flatMap((part) => part.outcomes);
  const sum = (pick: (plan: PlanSummary) => number) =>
    parts.reduce((n, { plan }) => n + (plan ? pick(plan) : 0), 0);
  const count = (...kinds: Outcome['outcome'][]) =>
    outcomes.filter(({ outcome }) => kinds.includes(outcome)).length;
  const caches = parts.flatMap(({ cache }) => cache ?? []);
  const cached = (pick: (cache: CacheOutcome) => number) => caches.reduce((n, cache) => n + pick(cache), 0);
  return {
    /** Images and records of the build cache. */
    items: sum(workOf),
    untag: sum((plan) => plan.untag),
    untagReferences: sum((plan) => plan.untagReferences),
    containers: sum((plan) => plan.containers),
    cache: sum((plan) => plan.cache),
    kept: sum((plan) => plan.kept),
    reclaim: sum((plan) => plan.reclaim),
    irrecoverable: sum((plan) => plan.irrecoverable),
    irrecoverableTagged: sum((plan) => plan.irrecoverableTagged),
    /** Done as planned: deleted, untagged or, of an undo, restored; records of the build cache as well. */
    deleted: count('deleted', 'untagged', 'restored') + cached(({ deleted }) => deleted),
    /** Those of them that were only untagged. */
    untagged: count('untagged'),
    absent: count('absent'),
    skipped: count('skipped') + cached(({ skipped }) => skipped),
    failed: count('failed') + cached(({ failed }) => failed),
    unknown: count('unknown'),
    settled: outcomes.length + cached(({ deleted, skipped, failed }) => deleted + skipped + failed),
    freed: outcomes.reduce((n, { freed }) => n + freed, 0) + cached(({ freed }) => freed),
  };
}
