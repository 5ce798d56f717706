import type { App } from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { UserError } from '../domain/error.ts';
import { code, type Markup, say } from '../domain/markup.ts';
import type { Run } from '../domain/run.ts';
import type { Answer, Log, Person } from '../ports.ts';
import type { Handlers } from './app.ts';
import { DENY_FORM, denyForm, readDenyForm, refusedForm } from './deny-form.ts';
import { acknowledged, inTime, personOf, spoken } from './edge.ts';
import { failureOf } from './failures.ts';

/**
 * Opens the form that asks why. Where Slack does not open it, the press is the denial: stopping is safe. Returns what
 * its presser is told then.
 */
export async function openForm(
  client: WebClient,
  { trigger, run, replyTo, denier }: { trigger: string; run: Run; replyTo: string; denier: Person },
  deny: Handlers['deny'],
  log: Log,
): Promise<Answer | null> {
  try {
    await client.views.open({ trigger_id: trigger, view: denyForm(run, replyTo) });
    return null;
  } catch (error) {
    log.error('a form could not be opened', error, { run: run.id });
    // It may be open all the same: then it is the person who denies, with it.
    if (failureOf(error).kind === 'unknown') return { lines: [unsure(run)] };
    const words = await deny({ ...denier, run: run.id });
    return {
      lines: [words ?? say`You denied #${run.id} without a reason, since Slack did not open the form.`],
    };
  }
}

const unsure = (run: Run): Markup =>
  say`Slack did not say whether the form is open. If it is not, send ${code(`/dimg deny ${run.id} [reason]`)}.`;

/** Hears the forms that are sent. Why a denial does not count is shown in the form's place, or told alone where that is late. */
export function listenForDenials(app: App, handlers: Pick<Handlers, 'deny' | 'reply'>, log: Log): void {
  app.view(DENY_FORM, async ({ body, view, ack }) => {
    const sent = readDenyForm(view);
    const work = spoken(log, async () => {
      if (!sent) throw new UserError('This form is not one of mine: ask with a command instead.');
      const { replyTo: _, ...denial } = sent;
      const words = await handlers.deny({ ...personOf(body), ...denial });
      return words && { lines: [words] };
    });
    const soon = await inTime(work);
    const heard = await acknowledged(log, () =>
      soon ? ack({ response_action: 'update', view: refusedForm(soon.lines[0] ?? []) }) : ack(),
    );
    const late = soon && heard ? null : await work;
    if (late && sent) await handlers.reply(sent.replyTo, late);
  });
}
