import { answerMs } from './protocol.ts';
import { hasTurn } from './rollout.ts';
import { isFinal, partsOf, type Run } from './run.ts';

/** How long runs are kept, and what must not be done twice for one. */
export const KEEP_DAYS = 90;
export const KEEP_S = KEEP_DAYS * 86_400;
/** A card that can't be posted for so long means that nobody would see what happens: the run is refused. */
export const POSTING_MS = 120_000;
/** How long a decided deletion may wait for its turn on a host. */
export const START_MS = 15 * 60_000;
/** How long an agent that was started again has for what its journal knows, before its part is broken off. */
export const JOURNAL_MS = 10_000;
/** How often a run is looked at while agents work on it. */
const WATCH_MS = 3_000;

/** When the run must be looked at again though nothing was heard; `null` for a final one. */
export function lookAt(run: Run, now: number): number | null {
  if (isFinal(run.state)) return null;
  const unsent = partsOf(run).some(([host, { stage, sent }]) =>
    run.state === 'planning'
      ? stage === 'waiting' && sent === 'nothing'
      : run.state === 'executing' && stage === 'planned' && sent !== 'execute' && hasTurn(run, host),
  );
  if (run.state === 'executing' || (unsent && run.card)) return now + WATCH_MS;
  if (run.state === 'planning')
    return run.planningSince === undefined ? run.createdAt + POSTING_MS : plannedBy(run);
  return remindAt(run) ?? run.expiresAt ?? now + WATCH_MS;
}

/** Until when its hosts may answer with their plans. */
export const plannedBy = ({ planningSince, createdAt, selection }: Run): number =>
  (planningSince ?? createdAt) + answerMs(selection);

/** When the approvers are to be reminded: at half time; `null` where nobody is, or it was done. */
export function remindAt(run: Run): number | null {
  const { state, approvalFor, remindedAt, proposedAt, expiresAt } = run;
  if (state !== 'proposed' || approvalFor.length === 0 || remindedAt !== undefined) return null;
  return proposedAt === undefined || expiresAt === undefined ? null : (proposedAt + expiresAt) / 2;
}
