import type { RunEvent } from './event.ts';
import type { RunId, UserId } from './ids.ts';
import { join, type Markup, say, time, user } from './markup.ts';
import { waveOf } from './rollout.ts';
import { canRunAgain, canUndo, isFinal, type Run } from './run.ts';

export const noRun = (id: RunId): Markup => say`There is no run #${id}.`;

/**
 * Why a person's press or word can't count on this run, in words for that person; `null` where it can.
 * Whether somebody is an approver is not known here: that is looked up outside, at every press.
 */
export function objection(run: Run, event: RunEvent): Markup | null {
  switch (event.type) {
    case 'confirm':
      return (
        notProposed(run, event) ??
        (run.approvalFor.length > 0
          ? say`#${run.id} needs somebody's approval, not a confirmation.`
          : event.by !== run.requester
            ? say`Only ${user(run.requester)}, who asked for #${run.id}, can confirm it.`
            : null)
      );
    case 'approve':
      return (
        notProposed(run, event) ??
        notForApprovers(run) ??
        (event.by === run.requester
          ? say`You asked for #${run.id} yourself: somebody else must approve it.`
          : run.approvals.some(({ by }) => by === event.by)
            ? say`You have approved #${run.id} already; it waits for another approver.`
            : null)
      );
    case 'deny':
      return (
        notProposed(run, event) ??
        notForApprovers(run) ??
        (event.by === run.requester ? say`You asked for #${run.id} yourself: cancel it instead.` : null)
      );
    case 'cancel':
      if (isFinal(run.state)) return decided(run, event.by);
      if (run.state === 'planning')
        return say`#${run.id} is still being planned; nothing is deleted before that is done.`;
      return run.cancel
        ? say`#${run.id} is already being cancelled; it stops after the image at hand.`
        : null;
    case 'continue':
      if (isFinal(run.state)) return decided(run, event.by);
      if (run.cancel) return say`#${run.id} is being cancelled.`;
      if (!run.paused) return say`#${run.id} does not wait to be continued.`;
      if (event.wave !== waveOf(run))
        return say`#${run.id} has gone on since, and waits again: look at its card before you continue it.`;
      return event.at >= run.paused.until
        ? say`#${run.id} has waited until ${time(run.paused.until)}, and ends here; ask again.`
        : null;
    case 'undo':
      return undoObjection(run, event.after);
    case 'again':
      return againObjection(run);
    default:
      return null;
  }
}

// --- internal ---

function undoObjection(run: Run, after: RunId | null): Markup | null {
  if (run.selection.kind === 'undo') return say`#${run.id} is an undo itself: ask for the deletion again.`;
  if (!isFinal(run.state)) return say`#${run.id} is not over yet.`;
  if (!canUndo(run)) return say`#${run.id} has deleted nothing that could be brought back.`;
  const last = run.undone?.at(-1)?.run ?? null;
  return last === after
    ? null
    : say`#${run.id} is being undone already${last === null ? '' : `: see #${last}`}.`;
}

function againObjection(run: Run): Markup | null {
  if (run.again) return say`#${run.id} was asked for again already: see #${run.again.run}.`;
  return canRunAgain(run) ? null : say`#${run.id} is ${run.state}: ask with a command instead.`;
}

function notForApprovers(run: Run): Markup | null {
  return run.approvalFor.length > 0
    ? null
    : say`#${run.id} needs no approval; it waits for ${user(run.requester)} to confirm it.`;
}

function notProposed(run: Run, { at, by }: { at: number; by: UserId }): Markup | null {
  if (run.state === 'planning') return say`#${run.id} is still being planned; wait for its buttons.`;
  if (run.state !== 'proposed') return decided(run, by);
  if (run.expiresAt !== undefined && at >= run.expiresAt)
    return say`#${run.id} expired ${time(run.expiresAt)}; ask again.`;
  return null;
}

/** What was decided on before this person came, and by whom. */
function decided(run: Run, reader: UserId): Markup {
  const started = run.confirmed ?? run.approvals.at(-1);
  const [denied, cancelled] = [run.denied?.by, run.cancel?.by];
  switch (run.state) {
    case 'executing':
      if (!started) return say`#${run.id} is already being carried out.`;
      return started.by === reader
        ? say`You have already started #${run.id}.`
        : say`${user(started.by)} has already started #${run.id}.`;
    case 'denied':
      if (denied === undefined) return say`#${run.id} was denied.`;
      return denied === reader
        ? say`You have denied #${run.id} already.`
        : say`${user(denied)} has denied #${run.id}; nothing was deleted.`;
    case 'cancelled':
      if (cancelled === undefined) return say`#${run.id} was cancelled.`;
      return cancelled === reader
        ? say`You have cancelled #${run.id} already.`
        : say`${user(cancelled)} has cancelled #${run.id}.`;
    case 'expired':
      return say`#${run.id} expired ${time(run.expiresAt ?? run.endedAt ?? run.createdAt)}; ask again.`;
    case 'empty':
      return say`#${run.id} is over: there was nothing to delete.`;
    default:
      if (!started) return say`#${run.id} is over: ${run.state}.`;
      return say`${startedBy(run, reader)} #${run.id}; it is over: ${run.state}.`;
  }
}

/** `@ana confirmed`, `You and @cy approved`. */
function startedBy({ confirmed, approvals }: Run, reader: UserId): Markup {
  const ids = confirmed ? [confirmed.by] : approvals.map(({ by }) => by);
  const others = ids.filter((id) => id !== reader).map(user);
  const who = join(others.length < ids.length ? ['You', ...others] : others, ' and ');
  return say`${who} ${confirmed ? 'confirmed' : 'approved'}`;
}
