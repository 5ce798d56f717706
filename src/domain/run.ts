import { z } from 'zod';
import { Disk } from './disk.ts';
import { Drift } from './drift.ts';
import { HostName, RunId, UserId } from './ids.ts';
import { CacheOutcome, Outcome, Trouble } from './outcome.ts';
import { PlanSummary } from './plan-summary.ts';
import { AnySelection, isOfRegistry, UndoSelection } from './selection.ts';

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
    /** Absent in what was stored before there were registries: then it is needed. */
    registry: z.boolean().optional(),
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
  /** Of the command that asked for it, so that one which Slack delivers again, however late, is known. */
  delivery: z.string().optional(),
  team: z.string(),
  channel: z.string(),
  /** As typed: a host, a list, a glob or `all`. */
  where: z.string(),
  selection: z.discriminatedUnion('kind', [...AnySelection.options, UndoSelection]),
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
    z.enum(['force', 'stopped-containers', 'registry', 'irrecoverable', 'reclaim-over', 'hosts-over']),
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
  /** Put back after Redis had lost it: when, and the state in which it was last known. */
  recalled: z.strictObject({ at: z.number(), from: RunState }).optional(),
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

/** Whether an undo may have something to do; what exactly, only the plans tell. */
export function canUndo(run: Run): boolean {
  if (!isFinal(run.state) || run.selection.kind === 'undo' || isOfRegistry(run.selection)) return false;
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
