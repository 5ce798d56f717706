import { bold, code, join, type Markup, say, time, user } from './markup.ts';
import { listed, listsFor, type Rights } from './rights.ts';
import { hostsOf, type Run } from './run.ts';
import { formatSize } from './size.ts';
import { totals } from './totals.ts';
import { amount, describeRun } from './words.ts';

/** What was asked, and by whom: `#1042 rmi host-3 app:1 -f asked by @ana`. */
export function askedWords(run: Run): Markup {
  return say`${bold(`#${run.id}`)} ${code(describeRun(run))} asked by ${user(run.requester)}`;
}

/**
 * Where a run is that is not over, and whom it waits for: `3 images, 1.2 GB, waits for an approver (force) ·
 * expires …`. `who` names those who may approve it, where they are known.
 */
export function standing(run: Run, who?: Markup): Markup {
  return join(standingParts(run, who), ' · ');
}

/** Who may still approve this run: they must be on every list that counts; `null` where a list has nobody left. */
export function whoApproves(run: Run, rights: Rights): Markup | null {
  const had = new Set<string>([run.requester, ...run.approvals.map(({ by }) => by)]);
  const left = listsFor(rights, 'approvers', hostsOf(run)).map((list) =>
    (list ?? []).filter((id) => !had.has(id)),
  );
  return left.some((list) => list.length === 0) ? null : join(left.map(listed), ' who are also among ');
}

/** Those who may approve it, for `standing`. */
export const whoMay = (run: Run, rights: Rights): Markup => whoApproves(run, rights) ?? say`nobody else can`;

// --- internal ---

function standingParts(run: Run, who?: Markup): Markup[] {
  const sum = totals(run);
  const progress = `${sum.settled} of ${sum.items}`;
  if (run.state === 'planning') return [say`is being planned`];
  if (run.state === 'executing') {
    if (run.cancel) return [say`is being cancelled, ${progress}`];
    if (run.paused) return [say`waits to be continued, ${progress}`, say`ends ${time(run.paused.until)}`];
    return [say`is being carried out, ${progress}`];
  }
  const wait = run.approvalFor.length > 0 ? approval(run, who) : say`${user(run.requester)} to confirm`;
  return [
    say`${amount(sum)}, ${formatSize(sum.reclaim)}, waits for ${wait}`,
    ...(run.expiresAt === undefined ? [] : [say`expires ${time(run.expiresAt)}`]),
  ];
}

function approval({ policy, approvals, approvalFor }: Run, who?: Markup): Markup {
  const left = policy.count - approvals.length;
  const whom = left === 1 ? 'an approver' : `${left} approvers`;
  return say`${whom} (${approvalFor.join(', ')})${who ? say`: ${who}` : ''}`;
}
