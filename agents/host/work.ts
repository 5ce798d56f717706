import type { DiskUse } from '../../src/domain/disk.ts';
import type { CacheOutcome, Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item, Plan } from '../../src/domain/plan.ts';
import type { Job, ReportBody, SurveySelection } from '../../src/domain/protocol.ts';
import type { AnySelection } from '../../src/domain/selection.ts';
import type { Execution } from './execution.ts';
import type { Accepted } from './journal-memory.ts';
import type { ExecuteJob, RestoreJob } from './verify.ts';

/** What jobs are done with: a host's engine, or a registry. All reject with `EngineTrouble` where it does not do its part. */
export type Work = {
  /** Why such a job is not for it at all, whoever sent it. */
  objectionTo(job: Job): Trouble | null;
  /** What the selection would do now. */
  survey(selection: SurveySelection): Promise<Plan>;
  plan(selection: AnySelection): Promise<Plan>;
  disk(): Promise<DiskUse>;
  /**
   * Carries out an accepted job: `selection` is what its plan was made of, where that is known. Resolves when everything is
   * reported; rejects with `EngineTrouble` only before the first deletion and before `started` is reported.
   */
  carryOut(
    job: ExecuteJob | RestoreJob,
    selection: AnySelection | undefined,
    report: (body: ReportBody) => Promise<void>,
    begun: Pick<Execution, 'notes' | 'doubt'>,
  ): Promise<void>;
};

/** Where it is looked up what became of a job that was broken off. All reject with `EngineTrouble`, but `life`. */
export type Finder = {
  /** Differs only between starts of what was asked; `null` where that can't be told. */
  life(): Promise<string | null>;
  isThere(item: Item): Promise<boolean>;
  /** As `resolveItem` says. */
  item(job: Accepted, index: number, why: Trouble, isOver: boolean): Promise<Outcome>;
  cache(job: Accepted, why: Trouble): Promise<CacheOutcome>;
  /** As `racedOn` says of those deleted. */
  raced(job: Accepted): Promise<string[]>;
};
