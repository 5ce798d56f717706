import type { Drift } from './drift.ts';
import type { HostName, ImageId, RunId, UserId } from './ids.ts';
import type { CacheOutcome, Outcome, Trouble } from './outcome.ts';
import type { PlanSummary } from './plan-summary.ts';
import type { HostPart } from './run.ts';

/** What can happen to a run. `at` in milliseconds. */
export type RunEvent =
  | { type: 'posted'; at: number; card: { channel: string; ts: string } }
  | { type: 'refuse'; at: number; why: string }
  | { type: 'sent'; at: number; hosts: readonly HostName[]; job: 'plan' | 'sending' | 'execute' }
  | { type: 'planned'; at: number; host: HostName; plan: PlanSummary }
  | { type: 'unplanned'; at: number; host: HostName; why: Trouble }
  | { type: 'confirm'; at: number; by: UserId }
  | { type: 'approve'; at: number; by: UserId }
  | { type: 'deny'; at: number; by: UserId; reason?: string }
  | { type: 'cancel'; at: number; by: UserId }
  /** After a pause between two waves: the one after this wave, and no later one. */
  | { type: 'continue'; at: number; by: UserId; wave: number }
  | { type: 'expire'; at: number }
  /** Half the time of an approval is over. */
  | { type: 'remind'; at: number }
  | { type: 'started'; at: number; host: HostName }
  /** After Redis had lost something: what a host's journal says that it took on. */
  | { type: 'took'; at: number; host: HostName; plan: PlanSummary; images: readonly ImageId[] }
  | { type: 'outcomes'; at: number; host: HostName; outcomes: readonly Outcome[] }
  | { type: 'cache'; at: number; host: HostName; cache: CacheOutcome }
  /** The host has changed too much since the plan: nothing of it is carried out there. */
  | { type: 'stale'; at: number; host: HostName; drift: Drift }
  | { type: 'finished'; at: number; host: HostName; report: NonNullable<HostPart['finished']> }
  /**
   * The host's part is over without its own report; `outcomes` are those of the items that had none yet.
   * `unsent` where this is true only of a job that was never handed out.
   */
  | {
      type: 'broken';
      at: number;
      host: HostName;
      why: Trouble;
      outcomes: readonly Outcome[];
      cache?: CacheOutcome;
      unsent?: boolean;
    }
  /** The agent has refused the job, and so never began it: `outcomes` are those of all its items. */
  | {
      type: 'disowned';
      at: number;
      host: HostName;
      why: Trouble;
      outcomes: readonly Outcome[];
      cache?: CacheOutcome;
    }
  /** A run brings back what this one deleted; `after` is the undo before it, if there was one. */
  | { type: 'undo'; at: number; by: UserId; run: RunId; after: RunId | null }
  /** Somebody asks for the same in a new run. */
  | { type: 'again'; at: number; by: UserId; run: RunId };
