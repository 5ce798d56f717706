import type { RunId } from '../domain/ids.ts';
import { code, type Markup, say } from '../domain/markup.ts';
import { noRun } from '../domain/objection.ts';
import type { Run } from '../domain/run.ts';
import type { Person, Reply } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { again } from './again.ts';
import { type Decision, decide, refusal } from './decide.ts';
import { answeredOnce, type Delivered } from './once.ts';
import { undo } from './undo.ts';

export interface Press extends Person, Delivered {
  verb: Decision['verb'] | 'undo' | 'again';
  /** The message that the button was on, and the thread that the message was in. */
  on: { channel: string; ts: string; thread?: string };
  replyTo: string;
}

/**
 * One press of a button. It counts only on the run's own card or in its thread: a forwarded or copied message, and a
 * value that was tampered with, change nothing. Throws a `UserError` where a look-up fails.
 */
export async function press(deps: Deps, pressed: Press): Promise<Reply> {
  const { verb } = pressed;
  const run = await deps.runs.load(pressed.run);
  if (!run) return spoken(noRun(pressed.run));
  if (!isOwn(run, pressed.on)) return answeredOnce(deps, pressed, 'stray', async () => stray(run));
  const { channel } = pressed.on;
  if (verb === 'undo') return spoken(await undo(deps, { ...pressed, channel }));
  if (verb === 'again') return spoken(await again(deps, { ...pressed, channel }));
  if (verb === 'deny')
    return answeredOnce(deps, pressed, 'press', () => askWhy(deps, run, { ...pressed, verb, via: 'button' }));
  return spoken(await decide(deps, { ...pressed, verb, via: 'button' }));
}

// --- internal ---

const spoken = (words: Markup | null): Reply => words && { kind: 'words', words };

/** Where a card can't be edited, its versions stand in its thread. */
function isOwn(run: Run, { channel, ts, thread }: Press['on']): boolean {
  return channel === run.card?.channel && (ts === run.card.ts || thread === run.card.ts);
}

/** Slack may show a card before it has answered which message that is. */
const stray = ({ id, card }: Run): Reply =>
  spoken(
    card
      ? say`This is not the card of #${id}, so nothing was done: press on the card itself, or send ${show(id)}.`
      : say`Slack has not told yet which message is the card of #${id}, so nothing was done: press again in a moment, or send ${show(id)}.`,
  );

const show = (id: RunId) => code(`/dimg show ${id}`);

/** A denial is made by the form; who could not deny is told before it opens. */
async function askWhy(deps: Deps, run: Run, decision: Decision): Promise<Reply> {
  const refused = await refusal(deps, run, decision);
  return refused ? spoken(refused) : { kind: 'form', run };
}
