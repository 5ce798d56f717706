import { NewerError } from '../domain/error.ts';
import { parseJobId } from '../domain/job-id.ts';
import { summarise } from '../domain/plan-summary.ts';
import type { Report } from '../domain/protocol.ts';
import { isUndecided } from '../domain/taken.ts';
import type { Settled } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';
import { disown } from './break-off.ts';
import { answered, isAsk } from './survey.ts';
import { took } from './took.ts';

/**
 * What an agent tells about a job, brought to its run or to the person who asked. A run takes the word of the epoch that
 * its job was made for, however late. Resolves once its effect is stored, or where it certainly has none; `unknown run`
 * where that can't be said, since the store may have forgotten what it is about.
 */
export async function report(deps: Deps, told: Report): Promise<Settled> {
  const settled = await settle(deps, told);
  // What it had no effect on may have been set back a moment ago; then it is needed once more when all is put back.
  await deps.certain?.();
  return settled;
}

// --- internal ---

async function settle(deps: Deps, { job, host, epoch, seq, body }: Report): Promise<Settled> {
  const named = parseJobId(job);
  if (!named) {
    if (!isAsk(job)) throw new NewerError(`A report is about a job that this version does not know: ${job}.`);
    await answered(deps, job, host, body);
    return 'settled';
  }
  const run = await deps.runs.load(named.run);
  const part = run?.hosts[host];
  // A later start of the agent meets what the earlier one had not taken, and says that it never will be.
  const disowned = body.kind === 'refused' && body.why.kind === 'restarted';
  // Another host's word, or another start's, about a job that was not its own.
  if (!run && named.host === host && deps.stray) {
    await deps.stray(named.run, { job, host, seq, body });
    return 'settled';
  }
  if (!run || !part || named.host !== host || (part.epoch !== epoch && !disowned)) {
    deps.log.warn('a report that fits no run was left aside', { job, host });
    return run ? 'settled' : 'unknown run';
  }
  const at = deps.clock();
  if (WORK.has(body.kind) && isUndecided(run)) {
    // Redis has lost that somebody decided. Without its plan nobody could tell when all of it is told: then the host says once
    // more what it took on.
    const { plan } = part;
    if (!plan) return 'unknown run';
    await advance(deps, run.id, { type: 'took', at, host, plan, images: [] });
  }
  switch (body.kind) {
    case 'plan': {
      if (body.plan.host !== host) {
        deps.log.warn('a plan for another host was left aside', { job, host });
        break;
      }
      // Of two that come at once, what is shown and decided on is the one that is kept and carried out.
      const kept = await deps.runs.savePlan(run.id, body.plan);
      await advance(deps, run.id, { type: 'planned', at, host, plan: summarise(kept) });
      break;
    }
    case 'refused':
      if (named.kind === 'plan') await advance(deps, run.id, { type: 'unplanned', at, host, why: body.why });
      // A job that comes twice is refused the second time: that says nothing of the first. After a loss only what a
      // journal holds is told again.
      else if (part.stage === 'planned' || run.recalled || NEVER_BEGUN.has(body.why.kind))
        await disown(deps, run, host, body.why);
      break;
    case 'started':
      await advance(deps, run.id, { type: 'started', at, host });
      break;
    case 'took':
      await took(deps, run, host, body);
      break;
    case 'outcomes':
      await advance(deps, run.id, { type: 'outcomes', at, host, outcomes: body.outcomes });
      break;
    case 'stale':
      await advance(deps, run.id, { type: 'stale', at, host, drift: body.drift });
      break;
    case 'cache':
      await advance(deps, run.id, { type: 'cache', at, host, cache: body.cache });
      break;
    case 'finished': {
      const { kind: _, ...rest } = body;
      await advance(deps, run.id, { type: 'finished', at, host, report: rest });
    }
  }
  return 'settled';
}

/** What is said of a job only once it has begun. */
const WORK: ReadonlySet<string> = new Set(['started', 'outcomes', 'stale', 'cache', 'finished']);

/**
 * An agent looks for the first three before it takes a job on, and says the others of a whole job only where the engine
 * was silent before the first deletion; anything else may be said of one that it had begun.
 */
const NEVER_BEGUN: ReadonlySet<string> = new Set([
  ...['restarted', 'expired', 'refused'],
  ...['no-answer', 'unreachable', 'permission'],
]);
