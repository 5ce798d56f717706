import type { Fact } from './audit.ts';
import type { HostName } from './ids.ts';
import { plain } from './markup.ts';
import type { Outcome } from './outcome.ts';
import { planOf } from './plan-of.ts';
import { workOf } from './plan-summary.ts';
import { isFinal, partsOf, type Run } from './run.ts';
import { isOfRegistry } from './selection.ts';
import { totals } from './totals.ts';
import { problemWords, reasonWords, troubleWords } from './trouble.ts';
import { describeRun } from './words.ts';

/** The audit's facts of a run's birth. */
export function requested(run: Run): Fact[] {
  return [
    {
      at: run.createdAt,
      run: run.id,
      kind: 'requested',
      by: run.requester,
      channel: run.channel,
      command: describeRun(run),
    },
  ];
}

/**
 * What the step from `before` to `after` adds to the audit: derived from the two, so that nothing can
 * happen to a run without its entry. `references` names what an image was called.
 */
export function factsOf(
  before: Run,
  after: Run,
  at: number,
  references: (host: HostName, image: string) => readonly string[],
): Fact[] {
  const facts: Fact[] = [];
  const add = (fact: Omit<Fact, 'at' | 'run'>) => facts.push({ at, run: after.id, ...fact });
  for (const [name, part] of Object.entries(after.hosts)) {
    const host = name as HostName;
    const earlier = before.hosts[host];
    if (part.plan && !earlier?.plan)
      add({
        kind: 'planned',
        host,
        plan: part.plan.digest,
        items: workOf(part.plan),
        bytes: part.plan.reclaim,
        ...(after.selection.kind === 'undo' && { restored: part.plan.items }),
      });
  }
  const shown = planOf(after);
  const plan = shown && { plan: shown.digest };
  if (after.confirmed && !before.confirmed) add({ kind: 'confirmed', by: after.confirmed.by, ...plan });
  for (const { by } of after.approvals.slice(before.approvals.length))
    add({ kind: 'approved', by, rules: after.approvalFor, ...plan });
  if (after.denied && !before.denied)
    add({
      kind: 'denied',
      by: after.denied.by,
      ...(after.denied.reason !== undefined && { reason: after.denied.reason }),
    });
  if (after.cancel && !before.cancel) add({ kind: 'cancelled', by: after.cancel.by });
  for (const { by } of (after.continued ?? []).slice(before.continued?.length ?? 0))
    add({ kind: 'continued', by });
  for (const { by, run: undo } of (after.undone ?? []).slice(before.undone?.length ?? 0))
    add({ kind: 'undone', by, undo });
  if (after.again && !before.again) add({ kind: 'again', by: after.again.by, again: after.again.run });
  if (after.state === 'expired' && before.state !== 'expired') add({ kind: 'expired' });
  for (const [name, part] of Object.entries(after.hosts)) {
    const host = name as HostName;
    const earlier = before.hosts[host];
    for (const done of newly(earlier?.outcomes ?? [], part.outcomes)) {
      const told = earlier?.outcomes.find(({ image }) => image === done.image)?.containers ?? [];
      for (const container of done.containers ?? [])
        if (!told.includes(container))
          add({ kind: 'outcome', host, container, image: done.image, outcome: 'removed' });
      const reason = reasonWords(done, isOfRegistry(after.selection) ? 'registry' : undefined);
      add({
        kind: 'outcome',
        host,
        image: done.image,
        // What was taken away; of an image that stayed as it was, what it is called.
        references: done.removed.length > 0 ? done.removed : [...references(host, done.image)],
        outcome: done.outcome,
        bytes: done.freed,
        ...(reason && { reason: plain(reason) }),
      });
    }
    if (part.cache && (!earlier?.cache || (earlier.cache.unknown && !part.cache.unknown))) {
      const { deleted, unknown, freed, why } = part.cache;
      const reason = why && { reason: plain(troubleWords(why)) };
      const [outcome, cache] = unknown ? ['unknown', unknown] : ['deleted', deleted];
      add({ kind: 'outcome', host, outcome, cache, bytes: freed, ...reason });
    }
  }
  if (after.recalled && after.state === 'executing' && before.state !== 'executing')
    add({ kind: 'recalled', state: after.state, reason: 'a host says that it had begun' });
  if (isFinal(after.state) && after.state !== before.state) {
    const sum = totals(after);
    add({ kind: 'ended', state: after.state, items: sum.deleted, bytes: sum.freed, ...howItEnded(after) });
  }
  return facts;
}

// --- internal ---

/** Outcomes that there were none of before, and those that were unknown then. */
function newly(before: readonly Outcome[], after: readonly Outcome[]): Outcome[] {
  return after.filter((one, i) => {
    const earlier = before[i];
    return !earlier || (earlier.outcome === 'unknown' && one.outcome !== 'unknown');
  });
}

/** What its number of items is made of where not all are images that were deleted, and why nothing was. */
function howItEnded(run: Run): Partial<Fact> {
  const parts = partsOf(run);
  const outcomes = parts.flatMap(([, part]) => part.outcomes);
  const of = (kind: Outcome['outcome']) => outcomes.filter(({ outcome }) => outcome === kind);
  const deleted = of('deleted').length;
  const untagged = of('untagged').reduce((n, { removed }) => n + removed.length, 0);
  const restored = of('restored').length;
  const cache = parts.reduce((n, [, part]) => n + (part.cache?.deleted ?? 0), 0);
  const reason = run.state === 'refused' ? refusal(run) : '';
  return {
    ...(deleted !== totals(run).deleted && { deleted }),
    ...(untagged > 0 && { untagged }),
    ...(restored > 0 && { restored }),
    ...(cache > 0 && { cache }),
    ...(run.dryRun && { dryRun: true as const }),
    ...(reason !== '' && { reason }),
  };
}

const MOST_REASONS = 3;

function refusal(run: Run): string {
  if (run.refusal !== undefined) return run.refusal;
  const parts = partsOf(run);
  const reasons = parts.flatMap(([host, { trouble, plan }]) => {
    const words = [
      ...(trouble ? [troubleWords(trouble, isOfRegistry(run.selection) ? 'registry' : undefined)] : []),
      ...(plan?.problems ?? []).map(problemWords),
    ];
    return words.map((why) => (parts.length > 1 ? `${host}: ${plain(why)}` : plain(why)));
  });
  const left = reasons.length - MOST_REASONS;
  return [...reasons.slice(0, MOST_REASONS), ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
}
