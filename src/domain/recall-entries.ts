import type { Entry } from './audit.ts';
import { Outcome } from './outcome.ts';
import { addOutcomes } from './part.ts';
import { workOf } from './plan-summary.ts';
import type { HostPart, Run, RunState } from './run.ts';

/**
 * A run with what the audit says happened to it after it was stored like that; the same run where that is nothing. With
 * `short` the outcomes of older entries as well.
 */
export function fold(run: Run, entries: readonly Entry[], short: boolean): Run {
  const known = run.audit?.n ?? 0;
  let folded = run;
  for (const entry of entries) {
    // What is lost names a run, and says nothing of it.
    if (entry.run !== run.id || entry.kind === 'lost') continue;
    if (entry.n > known) folded = { ...apply(folded, entry), audit: { n: entry.n, hash: entry.hash } };
    else if (short && entry.kind === 'outcome') folded = withOutcome(folded, entry);
  }
  return folded;
}

// --- internal ---

function apply(run: Run, entry: Entry): Run {
  const { at, by } = entry;
  switch (entry.kind) {
    case 'confirmed':
      return by === undefined ? run : begun({ ...run, confirmed: { by, at } }, at);
    case 'approved': {
      if (by === undefined) return run;
      const approvals = [...run.approvals, { by, at }];
      return approvals.length >= run.policy.count ? begun({ ...run, approvals }, at) : { ...run, approvals };
    }
    case 'denied': {
      const reason = entry.reason === undefined ? {} : { reason: entry.reason };
      return by === undefined ? run : { ...run, denied: { by, at, ...reason } };
    }
    case 'cancelled':
      return by === undefined ? run : { ...run, cancel: { by, at } };
    case 'continued':
      return by === undefined ? run : { ...run, continued: [...(run.continued ?? []), { by, at }] };
    case 'undone':
      return by === undefined || entry.undo === undefined
        ? run
        : { ...run, undone: [...(run.undone ?? []), { by, at, run: entry.undo }] };
    case 'again':
      return by === undefined || entry.again === undefined
        ? run
        : { ...run, again: { by, at, run: entry.again } };
    case 'recalled':
      return putBack(run, entry);
    case 'outcome':
      return withOutcome(begun(run, at), entry);
    case 'ended': {
      if (entry.state === undefined) return run;
      const refusal =
        entry.state === 'refused' && entry.reason !== undefined ? { refusal: entry.reason } : {};
      const told = CARRIED_OUT.has(entry.state) && !entry.dryRun ? begun(run, at) : run;
      return { ...over(told), ...refusal, state: entry.state, endedAt: at };
    }
    default:
      return run;
  }
}

/** It was lost before: what a host says that it took on then means something to it. */
function putBack(run: Run, { at, state }: Entry): Run {
  if (state !== 'executing') return state ? { ...run, recalled: { at, from: run.state } } : run;
  return { ...begun(run, at), recalled: { at, from: state } };
}

/** Whether a job was handed out the audit does not say, so it may have been on each host with work. */
function begun(run: Run, at: number): Run {
  if (run.executingSince !== undefined || run.state === 'executing') return run;
  const hosts = Object.fromEntries(
    Object.entries(run.hosts).map(([host, part]): [string, HostPart] => [
      host,
      part.stage === 'ended' || (part.plan && workOf(part.plan) === 0)
        ? { ...part, stage: 'ended' }
        : { ...part, stage: 'planned', sent: 'execute' },
    ]),
  );
  const { endedAt: _, refusal: __, ...open } = run;
  return { ...open, hosts, state: 'executing', executingSince: at };
}

const CARRIED_OUT: ReadonlySet<RunState> = new Set(['stale', 'done', 'partial', 'failed', 'unknown']);

/** What was carried out has ended on each host, so that what one tells later corrects what is unknown. */
function over(run: Run): Run {
  if (run.executingSince === undefined) return run;
  const hosts = Object.fromEntries(
    Object.entries(run.hosts).map(([host, part]): [string, HostPart] => [host, { ...part, stage: 'ended' }]),
  );
  return { ...run, hosts };
}

/** As far as an entry has it: why something did not go it says in words. */
function withOutcome(run: Run, entry: Entry): Run {
  const { host, image, outcome, references = [], bytes = 0, reason } = entry;
  const part = host && run.hosts[host];
  if (!part || image === undefined || entry.container !== undefined || entry.cache !== undefined) return run;
  const gone = outcome === 'deleted' || outcome === 'untagged' || outcome === 'restored';
  const done = Outcome.safeParse({
    ...{ image, outcome, removed: gone ? references : [], freed: bytes },
    ...(reason !== undefined && { why: { kind: 'refused', message: reason } }),
  });
  if (!done.success) return run;
  const { stage } = part;
  const added = addOutcomes({ ...part, stage: 'executing' }, [done.data]);
  return { ...run, hosts: { ...run.hosts, [host]: { ...added, stage } } };
}
