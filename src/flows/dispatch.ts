import { plannedBy, START_MS } from '../domain/due.ts';
import type { HostName } from '../domain/ids.ts';
import { jobId } from '../domain/job-id.ts';
import type { Plan } from '../domain/plan.ts';
import { isOnline, type Job } from '../domain/protocol.ts';
import { hasTurn } from '../domain/rollout.ts';
import { type HostPart, isHandedOut, partsOf, type Run } from '../domain/run.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';
import { breakOff } from './break-off.ts';
import { planRestore } from './undo.ts';

/**
 * Hands out the jobs that the stored run calls for. Safe to repeat: a job that was sent before has the
 * same id, and the queue and the agent take an id once.
 */
export async function dispatch(deps: Deps, run: Run): Promise<void> {
  if (run.state === 'planning' && run.card) await handOutPlanning(deps, run);
  else if (run.state === 'executing') await handOutWork(deps, run);
}

/**
 * Hands out once more what these hosts are at, or may be: their journals answer a job that comes again, and whoever never
 * had it says so.
 */
export async function askAgain(deps: Deps, run: Run, hosts: readonly HostName[]): Promise<void> {
  const asked = partsOf(run).filter(([host]) => hosts.includes(host));
  await Promise.all((await workJobs(deps, run, asked)).map((job) => deps.jobs.again(job)));
}

// --- internal ---

async function handOutPlanning(deps: Deps, run: Run): Promise<void> {
  const { selection } = run;
  const due = partsThat(run, ({ stage, sent }) => stage === 'waiting' && sent === 'nothing');
  // What an undo does is known here: no host needs to be asked.
  if (selection.kind === 'undo') return planRestore(deps, run, selection.run, due);
  const notAfter = plannedBy(run);
  await send(
    deps,
    run,
    'plan',
    due.map(
      ([host, { epoch }]): Job => ({
        ...header(run, 'plan', host, epoch, notAfter),
        kind: 'plan',
        selection,
      }),
    ),
  );
}

async function handOutWork(deps: Deps, run: Run): Promise<void> {
  const all = partsThat(run, ({ stage, sent }) => stage === 'planned' && sent !== 'execute');
  // Of a cancelled run nothing begins any more; what may be with the agent it skips itself.
  const [waiting, left] = run.cancel ? split(all, ([, part]) => isHandedOut(part)) : [all, []];
  for (const [host] of left) await breakOff(deps, run, host, { kind: 'cancelled' }, 'skipped', true);
  // Nothing is queued for one that is silent, or was started anew since the plan: the sweep ends its part. What may be
  // with it already is, since only its agent can say whether it had it.
  const living = new Map((await deps.hosts.list()).map((status) => [status.host, status]));
  const due = waiting.filter(([host, part]) => {
    const status = living.get(host);
    const there = status?.epoch === part.epoch && isOnline(status, deps.clock());
    return isHandedOut(part) || (hasTurn(run, host) && there);
  });
  const handed = await announce(deps, run, due);
  if (handed.length === 0) return;
  await send(deps, run, 'execute', await workJobs(deps, run, handed));
}

async function workJobs(deps: Deps, run: Run, parts: readonly (readonly [HostName, HostPart])[]) {
  const plans = await deps.runs.plans(
    run,
    parts.map(([host]) => host),
  );
  // After a loss nothing begins that had not.
  const notAfter = run.recalled?.at ?? (run.waves?.since ?? run.executingSince ?? deps.clock()) + START_MS;
  const kind = run.selection.kind === 'undo' ? 'restore' : 'execute';
  return parts.flatMap(([host, { epoch }]) => {
    const plan = plans.get(host);
    return plan ? [workJob(kind, header(run, kind, host, epoch, notAfter), plan, run.policy)] : [];
  });
}

/**
 * Stores that these jobs are about to be handed out, so that nobody says of one that it never began, also if
 * this bot dies before it can tell. What was cancelled or ended meanwhile is left out.
 */
async function announce(deps: Deps, run: Run, due: readonly (readonly [HostName, HostPart])[]) {
  const hosts = due.map(([host]) => host);
  if (hosts.length === 0) return [];
  const stored = await advance(deps, run.id, { type: 'sent', at: deps.clock(), hosts, job: 'sending' });
  if ('objection' in stored) return [];
  return partsThat(stored.run, ({ stage, sent }) => stage === 'planned' && sent === 'sending').filter(
    ([host]) => hosts.includes(host),
  );
}

function workJob(
  kind: 'execute' | 'restore',
  head: ReturnType<typeof header>,
  plan: Plan,
  { staleOver }: Run['policy'],
): Job {
  const { items, cache, digest: planDigest } = plan;
  if (kind === 'restore') return { ...head, kind, planDigest, items };
  // All of it can't be more than all of it; and agents from before this word was one take the job without it.
  return { ...head, kind, planDigest, items, cache, ...(staleOver < 1 && { staleOver }) };
}

function header(
  run: Run,
  kind: Parameters<typeof jobId>[0],
  host: HostName,
  epoch: string,
  notAfter: number,
) {
  return { v: 1 as const, id: jobId(kind, run.id, host), host, epoch, notAfter, run: run.id };
}

async function send(deps: Deps, run: Run, job: 'plan' | 'execute', jobs: readonly Job[]): Promise<void> {
  if (jobs.length === 0) return;
  await Promise.all(jobs.map((one) => deps.jobs.send(one)));
  await advance(deps, run.id, { type: 'sent', at: deps.clock(), hosts: jobs.map(({ host }) => host), job });
}

function split<T>(list: readonly T[], first: (one: T) => boolean): [T[], T[]] {
  return [list.filter(first), list.filter((one) => !first(one))];
}

function partsThat(run: Run, fits: (part: HostPart) => boolean) {
  return partsOf(run).filter(([, part]) => fits(part));
}
