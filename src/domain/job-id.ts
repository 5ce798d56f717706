import { HostName, RunId } from './ids.ts';

type JobKind = 'plan' | 'execute' | 'restore';

/** `plan-1042-host-3`: the same job has the same id however often it is sent, so it is queued once. */
export function jobId(kind: JobKind, run: RunId, host: HostName): string {
  return `${kind}-${run}-${host}`;
}

/** The run and host that a job id names; `null` for a survey's. */
export function parseJobId(id: string): { kind: JobKind; run: RunId; host: HostName } | null {
  const match = /^(plan|execute|restore)-(\d+)-(.+)$/.exec(id);
  if (!match) return null;
  const [run, host] = [RunId.safeParse(Number(match[2])), HostName.safeParse(match[3])];
  return run.success && host.success ? { kind: match[1] as JobKind, run: run.data, host: host.data } : null;
}
