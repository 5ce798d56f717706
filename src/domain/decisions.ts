import type { UserId } from './ids.ts';
import { code, type Markup, say, time, user } from './markup.ts';
import { reasonWords } from './reason.ts';
import type { Run } from './run.ts';

/** Who decided what of a run, and when, in the order in which it can happen: `approved by @bo 12:30`. */
export function decisions(run: Run): Markup[] {
  const by = (did: string, one: { by: UserId; at: number }) => say`${did} by ${user(one.by)} ${time(one.at)}`;
  const words: Markup[] = [];
  if (run.confirmed) words.push(by('confirmed', run.confirmed));
  for (const approval of run.approvals) words.push(by('approved', approval));
  if (unasked(run)) words.push(say`not asked for, as ${code('-f')} says`);
  if (run.denied) words.push(by('denied', run.denied));
  for (const one of run.continued ?? []) words.push(by('continued', one));
  if (run.cancel) words.push(by('cancelled', run.cancel));
  for (const one of run.undone ?? []) words.push(say`${by('undone', one)} as #${one.run}`);
  if (run.again) words.push(say`${by('asked again', run.again)} as #${run.again.run}`);
  return words;
}

/** Why a run was denied, to stand behind that: `: not today`. */
export const whyDenied = ({ denied }: Run): Markup =>
  denied?.reason === undefined ? [] : say`: ${reasonWords(denied.reason)}`;

/** What there was of a decision when the time was up: `nobody decided`, `1 of 2 approved`. */
export const undecided = ({ approvals, policy }: Run): string =>
  approvals.length === 0 ? 'nobody decided' : `${approvals.length} of ${policy.count} approved`;

// --- internal ---

const unasked = (run: Run): boolean =>
  run.executingSince !== undefined &&
  run.skipConfirmation &&
  run.approvals.length === 0 &&
  run.selection.kind !== 'undo';
