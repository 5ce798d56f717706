import type { HostName } from '../../src/domain/ids.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import { Job, type ReportBody } from '../../src/domain/protocol.ts';
import type { Doubts } from './doubts.ts';
import type { HeadJournal } from './head-journal.ts';
import type { Journal } from './journal.ts';
import { JournalFull } from './journal-file.ts';
import { errorField } from './log.ts';
import { openNotes } from './notes.ts';
import type { Outbox } from './outbox.ts';
import { type Clock, EngineTrouble, type Log, type Queue } from './ports.ts';
import type { ReportOn } from './reports.ts';
import { rememberSelections } from './selections.ts';
import { type ExecuteJob, objectionTo, type RestoreJob, refused } from './verify.ts';
import type { Work } from './work.ts';

export type Jobs = {
  self: { host: HostName; epoch: string };
  work: Work;
  clock: Pick<Clock, 'now'>;
  journal: Pick<Journal, 'accept' | 'knows' | 'job' | 'note'>;
  outbox: Pick<Outbox, 'say' | 'again'>;
  doubts: Pick<Doubts, 'hold' | 'leave' | 'look' | 'about'>;
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
  const { log, reportOn, journal, outbox, doubts, work, clock } = jobs;
  const oneAtATime = openTurns();
  const planned = rememberSelections();

  const object = async (job: Job): Promise<Trouble | null> => {
    if (jobs.rivalPresent()) return refused('another agent answers for this name');
    return objectionTo(job, jobs.self, await jobs.queue.now()) ?? work.objectionTo(job);
  };

  /** What comes twice is not done twice, but what was said of it is said again. */
  const repeated = ({ id }: { id: string }): null => {
    log.info('a job that was taken before is told about again', { job: id });
    outbox.again(id);
    return null;
  };

  const doJob = async (job: Job, report: (body: ReportBody) => Promise<void>): Promise<Trouble | null> => {
    const objection = await object(job);
    if (objection) return objection;
    switch (job.kind) {
      case 'survey':
        await report({ kind: 'plan', plan: await work.survey(job.selection) });
        return null;
      case 'disk':
        await report({ kind: 'disk', use: await work.disk() });
        return null;
      case 'heads':
        await report({ kind: 'heads', heads: jobs.heads.seen() });
        return null;
      case 'plan': {
        const plan = await work.plan(job.selection);
        planned.add(job.run, plan.digest, job.selection);
        await report({ kind: 'plan', plan });
        return null;
      }
      case 'execute':
      case 'restore':
        return oneAtATime(() => doExecute(job));
    }
  };

  const doExecute = async (job: ExecuteJob | RestoreJob) => {
    if (jobs.stop.aborted) return refused('the agent was stopped before this job');
    if (journal.knows(job.id)) return repeated(job);
    // What an earlier one left in doubt is looked up before anything else is touched.
    await doubts.look();
    // Again, because it may have waited long for its turn.
    const objection = await object(job);
    if (objection) return objection;
    doubts.hold(job.id);
    try {
      if (!(await accept(job))) {
        doubts.leave(job.id);
        return repeated(job);
      }
    } catch (error) {
      doubts.leave(job.id);
      if (!(error instanceof JournalFull)) throw error;
      return refused(noRoom(job.items.length));
    }
    log.info('executing', { job: job.id, items: job.items.length });
    const report = (body: ReportBody) => outbox.say(job.id, body);
    const notes = openNotes(journal, job, clock.now, log);
    try {
      const selection = planned.of(job.run, job.planDigest);
      await work.carryOut(job, selection, report, { notes, doubt: doubts.about });
      doubts.leave(job.id);
    } catch (error) {
      // Whatever it was, each item has its end: what was begun is looked up, the rest is left.
      const why = troubleOf(error, job.id, log);
      if (!journal.job(job.id)?.reports.size) await report({ kind: 'refused', why });
      doubts.leave(job.id, why);
    } finally {
      jobs.executed();
    }
    log.info('executed', { job: job.id });
    return null;
  };

  const accept = (job: ExecuteJob | RestoreJob): Promise<boolean> => {
    const { id, run, kind, epoch, planDigest, items } = job;
    const cache = job.kind === 'execute' ? job.cache : [];
    return journal.accept({ at: clock.now(), id, run, kind, epoch, planDigest, items, cache });
  };

  return async (data) => {
    const parsed = Job.safeParse(data);
    const id = parsed.success ? parsed.data.id : readId(data);
    if (id === null) return log.warn('a job without an ID was dropped');
    // Before all else: that it is late or for an earlier start says nothing of what became of it.
    if (journal.knows(id)) return void repeated({ id });
    const report = reportOn(id);
    try {
      const why = parsed.success ? await doJob(parsed.data, report) : refused(issueOf(parsed.error));
      if (!why) return;
      log.warn('a job was refused', { job: id, why });
      await report({ kind: 'refused', why });
    } catch (error) {
      const why = troubleOf(error, id, log);
      await report({ kind: 'refused', why }).catch(() => {});
    }
  };
}

// --- internal ---

function troubleOf(error: unknown, job: string, log: Log): Trouble {
  const known = error instanceof EngineTrouble;
  log[known ? 'warn' : 'error']('a job failed', {
    job,
    ...(known ? { why: error.problem } : errorField(error)),
  });
  if (known) return error.problem;
  return { kind: 'engine', message: error instanceof Error ? error.message : String(error) };
}

const noRoom = (items: number): string =>
  `the agent’s journal has no room for ${items} images at once, and the disk of DIMG_STATE_DIR is full: ask for fewer, or make room there`;

/** Runs one after the other, in the order of asking. */
function openTurns() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
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
