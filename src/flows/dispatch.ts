import { START_MS } from '../domain/due.ts';
import type { HostName } from '../domain/ids.ts';
import { ANSWER_MS, type Job } from '../domain/protocol.ts';
import { type HostPart, jobId, type Run } from '../domain/run.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';

/**
 * Hands out the jobs that the stored run calls for. Safe to repeat: a job that was sent before has the
 * same id, and the queue and the agent take an id once.
 */
export async function dispatch(deps: Deps, run: Run): Promise<void> {
  const kind = run.state === 'planning' && run.card ? 'plan' : run.state === 'executing' ? 'execute' : null;
  if (!kind) return;
  const due = Object.entries(run.hosts).filter(([, part]) =>
    kind === 'plan'
      ? part.stage === 'waiting' && part.sent === 'nothing'
      : part.stage === 'planned' && part.sent !== 'execute',
  ) as [HostName, HostPart][];
  if (due.length === 0) return;
  const plans = kind === 'execute' ? await deps.runs.plans(run) : undefined;
  await Promise.all(
    due.map(([host, part]) => {
      const plan = plans?.get(host);
      const header = { v: 1 as const, id: jobId(kind, run.id, host), host, epoch: part.epoch, run: run.id };
      const job: Job =
        kind === 'plan'
          ? {
              ...header,
              kind,
              notAfter: (run.planningSince ?? run.createdAt) + ANSWER_MS,
              selection: run.selection,
            }
          : {
              ...header,
              kind,
              notAfter: (run.executingSince ?? deps.clock()) + START_MS,
              planDigest: plan?.digest ?? '',
              items: plan?.items ?? [],
            };
      return deps.jobs.send(job);
    }),
  );
  await advance(deps, run.id, {
    type: 'sent',
    at: deps.clock(),
    hosts: due.map(([host]) => host),
    job: kind,
  });
}
