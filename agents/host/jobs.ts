import type { HostName, RunId } from '../../src/domain/ids.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import { Job, type ReportBody } from '../../src/domain/protocol.ts';
import type { Selection } from '../../src/domain/selection.ts';
import { carryBack } from './carry-back.ts';
import { diskUse } from './disk-use.ts';
import { type Asked, execute } from './execute.ts';
import type { Execution } from './execution.ts';
import type { HeadJournal } from './head-journal.ts';
import { errorField } from './log.ts';
import { makePlan, type Planner, survey } from './plan.ts';
import { EngineTrouble, type Log, type Queue } from './ports.ts';
import type { ReportOn } from './reports.ts';
import type { State } from './state.ts';
import { type ExecuteJob, objectionTo, type RestoreJob, refused } from './verify.ts';

export type Jobs = {
  self: { host: HostName; epoch: string };
  planner: Planner;
  execution: Execution;
  state: Pick<State, 'accept' | 'accepted'>;
  heads: Pick<HeadJournal, 'seen'>;
  queue: Pick<Queue, 'now'>;
  reportOn: ReportOn;
  rivalPresent: () => boolean;
  executed: () => void;
  stop: AbortSignal;
  log: Log;
};

/** Takes whatever came from the queue to its reports. Never rejects. */
export function openJobs(jobs: Jobs): (data: unknown) => Promise<void> {
  const { log, reportOn } = jobs;
  const oneAtATime = openTurns();
  const planned = rememberSelections();

  const object = async (job: Job): Promise<Trouble | null> => {
    if (jobs.rivalPresent()) return refused('another agent answers for this name');
    return objectionTo(job, jobs.self, await jobs.queue.now());
  };

  const repeated = (job: Job): null => {
    log.warn('a job that was taken before was left aside', { job: job.id });
    return null;
  };

  const doJob = async (job: Job, report: (body: ReportBody) => Promise<void>): Promise<Trouble | null> => {
    if (jobs.state.accepted(job.id)) return repeated(job);
    const objection = await object(job);
    if (objection) return objection;
    switch (job.kind) {
      case 'survey':
        await report({ kind: 'plan', plan: (await survey(jobs.planner, job.selection)).plan });
        return null;
      case 'disk':
        await report({ kind: 'disk', use: await diskUse(jobs.planner, jobs.execution.readDisk) });
        return null;
      case 'heads':
        await report({ kind: 'heads', heads: jobs.heads.seen() });
        return null;
      case 'plan': {
        const plan = await makePlan(jobs.planner, job.selection);
        planned.add(job.run, plan.digest, job.selection);
        await report({ kind: 'plan', plan });
        return null;
      }
      case 'execute':
      case 'restore':
        return oneAtATime(() => doExecute(job, report));
    }
  };

  const doExecute = async (job: ExecuteJob | RestoreJob, report: (body: ReportBody) => Promise<void>) => {
    if (jobs.stop.aborted) return refused('the agent was stopped before this job');
    // Whatever is said of it now would be taken for what became of it: its first coming tells that.
    if (jobs.state.accepted(job.id)) return repeated(job);
    // Again, because it may have waited long for its turn.
    const objection = await object(job);
    if (objection) return objection;
    if (!(await jobs.state.accept(job.id))) return repeated(job);
    log.info('executing', { job: job.id, items: job.items.length });
    try {
      if (job.kind === 'restore') await carryBack(job, report, jobs.execution);
      else await execute(job, askedBy(planned.of(job.run, job.planDigest)), report, jobs.execution);
    } finally {
      jobs.executed();
    }
    log.info('executed', { job: job.id });
    return null;
  };

  const askedBy = (selection: Selection | undefined): Asked => ({
    prune: selection?.kind === 'prune',
    ...(selection && { replan: () => makePlan(jobs.planner, selection) }),
  });

  return async (data) => {
    const parsed = Job.safeParse(data);
    const id = parsed.success ? parsed.data.id : readId(data);
    if (id === null) return log.warn('a job without an ID was dropped');
    const report = reportOn(id);
    try {
      const why = parsed.success ? await doJob(parsed.data, report) : refused(issueOf(parsed.error));
      if (!why) return;
      log.warn('a job was refused', { job: id, why });
      await report({ kind: 'refused', why });
    } catch (error) {
      const known = error instanceof EngineTrouble;
      log[known ? 'warn' : 'error']('a job failed', {
        job: id,
        ...(known ? { why: error.problem } : errorField(error)),
      });
      const message = error instanceof Error ? error.message : String(error);
      await report({ kind: 'refused', why: known ? error.problem : { kind: 'engine', message } }).catch(
        () => {},
      );
    }
  };
}

// --- internal ---

/** Runs one after the other, in the order of asking. */
function openTurns() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

/** What plans were made of: an execute job does not say. All are of this epoch, as its jobs are. */
function rememberSelections(most = 10_000) {
  const plans = new Map<RunId, { digest: string; selection: Selection }>();
  return {
    add(run: RunId, digest: string, selection: Selection) {
      plans.set(run, { digest, selection });
      const oldest = plans.size > most ? plans.keys().next().value : undefined;
      if (oldest !== undefined) plans.delete(oldest);
    },
    of(run: RunId, digest: string): Selection | undefined {
      const plan = plans.get(run);
      return plan?.digest === digest ? plan.selection : undefined;
    },
  };
}

function readId(data: unknown): string | null {
  const id = (data as { id?: unknown } | null)?.id;
  return typeof id === 'string' && id.length > 0 && id.length <= 200 ? id : null;
}

function issueOf(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  const [issue] = error.issues;
  return `this job can't be read (${issue?.path.join('.')}: ${issue?.message})`;
}
