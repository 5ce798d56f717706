import type { HostName, RunId } from '../domain/ids.ts';
import { type Markup, say, user } from '../domain/markup.ts';
import { objection } from '../domain/objection.ts';
import type { RunEvent } from '../domain/step.ts';
import type { Deps, Person } from './_deps.ts';
import { advance } from './advance.ts';
import { mayAsk, whyNotApprover } from './rights.ts';

export interface Decision extends Person {
  run: RunId;
  verb: 'confirm' | 'approve' | 'deny' | 'cancel' | 'continue';
  reason?: string;
  via: 'button' | 'command';
  /** One per press, however often Slack delivers it; a command has none. */
  delivery?: string;
}

/**
 * One person's press or word about a run. Returns what only that person is told; `null` where the card
 * says it all, or where this delivery was answered before. Throws a `UserError` where a look-up fails.
 */
export async function decide(deps: Deps, decision: Decision): Promise<Markup | null> {
  const first =
    decision.delivery === undefined || (await deps.cards.once(decision.run, `press ${decision.delivery}`));
  const words = await outcome(deps, decision);
  return first ? words : null;
}

// --- internal ---

async function outcome(deps: Deps, { run: id, verb, ...decision }: Decision): Promise<Markup | null> {
  const run = await deps.runs.load(id);
  if (!run) return say`There is no run #${id}.`;
  const event = (): RunEvent => ({
    type: verb,
    at: deps.clock(),
    by: decision.user,
    ...(verb === 'deny' && decision.reason !== undefined && { reason: decision.reason }),
  });
  const refusal = objection(run, event());
  if (refusal) return refusal;
  const hosts = Object.keys(run.hosts) as HostName[];
  if (verb === 'approve' || verb === 'deny') {
    const why = await whyNotApprover(deps, decision, hosts);
    if (why) return why;
  }
  if (verb === 'cancel' && decision.user !== run.requester) {
    if (decision.via === 'button')
      return say`Only ${user(run.requester)}, who asked for #${id}, can cancel it here.`;
    // Stopping is safe, so whoever may start deletions may stop one whose requester is away.
    await mayAsk(deps, decision, hosts);
  }
  // What goes on was decided on before: whoever may ask for deletions may say that the first hosts look well.
  if (verb === 'continue') await mayAsk(deps, decision, hosts);
  // The time is taken anew: looking people up may have outlasted the expiry.
  const advanced = await advance(deps, id, event());
  if ('objection' in advanced) return advanced.objection;
  if (decision.via === 'button') return null;
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
