import type { Fact } from './audit.ts';
import type { HostName } from './ids.ts';
import { plain } from './markup.ts';
import { planOf } from './plan-of.ts';
import { isFinal, type Run, totals, workOf } from './run.ts';
import { troubleWords } from './trouble.ts';
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
    for (const done of part.outcomes.slice(before.hosts[host]?.outcomes.length ?? 0)) {
      for (const container of done.containers ?? [])
        add({ kind: 'outcome', host, container, image: done.image, outcome: 'removed' });
      add({
        kind: 'outcome',
        host,
        image: done.image,
        // What was taken away; of an image that stayed as it was, what it is called.
        references: done.removed.length > 0 ? done.removed : [...references(host, done.image)],
        outcome: done.outcome,
        bytes: done.freed,
        ...(done.why && { reason: plain(troubleWords(done.why)) }),
      });
    }
    if (part.cache && !before.hosts[host]?.cache) {
      const { deleted, freed, why } = part.cache;
      const reason = why && { reason: plain(troubleWords(why)) };
      add({ kind: 'outcome', host, outcome: 'deleted', cache: deleted, bytes: freed, ...reason });
    }
  }
  if (isFinal(after.state) && !isFinal(before.state)) {
    const sum = totals(after);
    add({ kind: 'ended', state: after.state, items: sum.deleted, bytes: sum.freed });
  }
  return facts;
}
