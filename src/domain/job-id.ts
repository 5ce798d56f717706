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
  return {
    kind: match[1] as JobKind,
    run: RunId.parse(Number(match[2])),
    host: HostName.parse(match[3]),
  };
}
