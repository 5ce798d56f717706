import { undecided, whyDenied } from '../domain/decisions.ts';
import { code, join, type Markup, say, time, user } from '../domain/markup.ts';
import type { Rights } from '../domain/rights.ts';
import { isFinal, type Run } from '../domain/run.ts';
import { formatDuration } from '../domain/time.ts';
import { totals } from '../domain/totals.ts';
import { whoApproves } from '../domain/waiting.ts';
import { amount, describeRun, headline, reclaimWords } from '../domain/words.ts';

/** A message in a card's thread. An edited card mentions nobody: whoever must hear of something is told by a new message. */
export interface Note {
  /** A run has one of each at most. */
  key: 'approval' | 'reminder' | 'decided' | 'stopped' | 'over';
  words: Markup;
}

/** Whoever waits for less does so at the card. */
const LONG_MS = 60_000;

/** The notes that a stored run calls for by now. */
export function notesOf(run: Run, rights: Rights): Note[] {
  const notes: Note[] = [];
  const add = (key: Note['key'], words: Markup | null) => words && notes.push({ key, words });
  if (run.state === 'proposed' && run.approvalFor.length > 0) {
    add('approval', approvalWords(run, rights));
    if (run.remindedAt !== undefined) add('reminder', reminderWords(run, rights));
  }
  add('decided', decidedWords(run));
  if (run.executingSince !== undefined) add('stopped', cancelledWords(run));
  const took = (run.endedAt ?? 0) - (run.executingSince ?? Infinity);
  if (isFinal(run.state) && took > LONG_MS)
    add(
      'over',
      say`${user(run.requester)}: ${headline(run)}, after ${formatDuration(Math.round(took / 1000) * 1000)}`,
    );
  return notes;
}

// --- internal ---

const until = (run: Run) => time(run.expiresAt ?? run.createdAt);

function approvalWords(run: Run, rights: Rights): Markup | null {
  const asked = whoApproves(run, rights);
  const { count } = run.policy;
  const sum = totals(run);
  return (
    asked &&
    say`${asked}: #${run.id} needs ${count > 1 ? `${count} approvals` : 'approval'}, ${code(describeRun(run))}: ${amount(sum)}, ${reclaimWords(sum)}, until ${until(run)}.`
  );
}

function reminderWords(run: Run, rights: Rights): Markup | null {
  const asked = whoApproves(run, rights);
  const left = run.policy.count - run.approvals.length;
  return (
    asked &&
    say`${asked}: #${run.id} still needs ${left > 1 ? `${left} approvals` : 'approval'}, until ${until(run)}.`
  );
}

/** Nobody is told what they did themselves, or what a confirmation of their own led to. */
function decidedWords(run: Run): Markup | null {
  if (run.executingSince === undefined && run.cancel) return cancelledWords(run);
  if (run.approvalFor.length === 0) return null;
  const whom = user(run.requester);
  if (run.denied) {
    return say`${whom}: ${user(run.denied.by)} denied #${run.id}${whyDenied(run)}.`;
  }
  if (run.state === 'expired' && run.recalled)
    return say`${whom}: Redis lost what was to be decided on in #${run.id}: ask again.`;
  if (run.state === 'expired') {
    const on = run.approvals.length === 0 ? ' on' : '';
    return say`${whom}: ${undecided(run)}${on} #${run.id} in time: ask again.`;
  }
  // After a loss it may be known by its host alone that somebody had approved it.
  if (run.executingSince === undefined || run.approvals.length === 0) return null;
  return say`${whom}: ${join(
    run.approvals.map(({ by }) => user(by)),
    ' and ',
  )} approved #${run.id}.`;
}

function cancelledWords({ id, requester, cancel }: Run): Markup | null {
  return cancel && cancel.by !== requester
    ? say`${user(requester)}: ${user(cancel.by)} cancelled #${id}.`
    : null;
}
