import { UserError } from '../domain/error.ts';
import type { RunEvent } from '../domain/event.ts';
import { type Markup, say, user } from '../domain/markup.ts';
import { noRun, objection } from '../domain/objection.ts';
import { waveOf } from '../domain/rollout.ts';
import { hostsOf, type Run } from '../domain/run.ts';
import type { Person } from '../ports.ts';
import type { Deps } from './_deps.ts';
import { advance } from './advance.ts';
import { answeredOnce, type Delivered } from './once.ts';
import { mayAsk, whyNotApprover } from './rights.ts';

export interface Decision extends Person, Delivered {
  verb: 'confirm' | 'approve' | 'deny' | 'cancel' | 'continue';
  reason?: string;
  via: 'button' | 'form' | 'command';
  /** When the button was pressed, in milliseconds by Slack's clock. */
  pressedAt?: number;
}

type Undelivered = Omit<Decision, 'delivery'>;

/**
 * One person's press or word about a run. Returns what only that person is told; `null` where the card
 * says it all, or where this delivery was answered before. Throws a `UserError` where a look-up fails.
 */
export async function decide(deps: Deps, decision: Decision): Promise<Markup | null> {
  return answeredOnce(deps, decision, 'press', () => outcome(deps, decision));
}

/**
 * Why this decision can't count now, in words for the person; `null` where it can. Who they are is asked of Slack at
 * every call. Throws a `UserError` where Slack does not say.
 */
export async function refusal(deps: Deps, run: Run, decision: Undelivered): Promise<Markup | null> {
  return whyInVain(deps, run, decision, eventOf(deps, run, decision));
}

// --- internal ---

type Decided = Extract<RunEvent, { type: Decision['verb'] }>;

/** No press is on its way for longer: one that seems older comes from a clock that differs from Redis's. */
const ON_ITS_WAY_MS = 60_000;

function eventOf(deps: Deps, run: Run, decision: Undelivered): Decided {
  const { verb, reason, user: by } = decision;
  const at = deps.clock();
  switch (verb) {
    case 'deny':
      return { type: verb, at, by, ...(reason !== undefined && { reason }) };
    case 'continue':
      return { type: verb, at, by, wave: waveSeen(run, decision, at) };
    default:
      return { type: verb, at, by };
  }
}

/** What was pressed before this pause began was pressed for an earlier one. */
function waveSeen(run: Run, { pressedAt = Infinity }: Undelivered, now: number): number {
  const early = pressedAt < (run.paused?.at ?? 0) && now - pressedAt < ON_ITS_WAY_MS;
  return early ? waveOf(run) - 1 : waveOf(run);
}

async function whyInVain(
  deps: Deps,
  run: Run,
  decision: Undelivered,
  event: Decided,
): Promise<Markup | null> {
  const refused = objection(run, event);
  if (refused) return refused;
  try {
    return await whyNot(deps, run, decision);
  } catch (error) {
    // While Slack kept us waiting somebody else may have decided: that is the better answer.
    const now = error instanceof UserError ? await deps.runs.load(run.id) : null;
    const late = now && objection(now, event);
    if (late) return late;
    throw error;
  }
}

async function whyNot(deps: Deps, run: Run, decision: Undelivered): Promise<Markup | null> {
  const { verb, via } = decision;
  const hosts = hostsOf(run);
  switch (verb) {
    case 'approve':
    case 'deny':
      return whyNotApprover(deps, decision, hosts);
    case 'cancel':
      if (decision.user === run.requester) return null;
      if (via === 'button')
        return say`Only ${user(run.requester)}, who asked for #${run.id}, can cancel it here.`;
      // Stopping is safe, so whoever may start deletions may stop one whose requester is away.
      await mayAsk(deps, decision, hosts);
      return null;
    // Whoever asked may have lost the right since. What goes on was decided on before: whoever may ask for
    // deletions may say that the first hosts look well.
    case 'confirm':
    case 'continue':
      await mayAsk(deps, decision, hosts);
      return null;
  }
}

async function outcome(deps: Deps, decision: Decision): Promise<Markup | null> {
  const { run: id, verb } = decision;
  const run = await deps.runs.load(id);
  if (!run) return noRun(id);
  if (isSentAgain(run, decision)) return null;
  // What is continued is the pause that was there when it was asked for.
  const event = eventOf(deps, run, decision);
  const refused = await whyInVain(deps, run, decision, event);
  if (refused) return refused;
  // The time is taken anew: looking people up may have outlasted the expiry.
  const advanced = await advance(deps, id, { ...event, at: deps.clock() });
  if ('objection' in advanced) {
    const now = await deps.runs.load(id);
    return now && isSentAgain(now, decision) ? null : advanced.objection;
  }
  if (decision.via !== 'command') return null;
  switch (verb) {
    case 'approve':
      return advanced.run.state === 'executing'
        ? say`You approved #${id}; it starts now.`
        : say`You approved #${id}; it waits for another approver.`;
    case 'deny':
      return say`You denied #${id}; nothing is deleted.`;
    case 'cancel':
      return advanced.run.state === 'cancelled'
        ? say`#${id} is cancelled; nothing is deleted.`
        : say`#${id} stops after the image at hand.`;
    case 'continue':
      return say`#${id} goes on with the next hosts.`;
    case 'confirm':
      return null;
  }
}

/** A form has no delivery of its own: one that comes twice says what was said already, word for word. */
function isSentAgain({ denied }: Run, { via, user: by, reason }: Decision): boolean {
  return via === 'form' && denied?.by === by && denied.reason === reason;
}
