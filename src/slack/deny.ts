import type bolt from '@slack/bolt';
import type { WebClient } from '@slack/web-api';
import { UserError } from '../domain/error.ts';
import { code, say } from '../domain/markup.ts';
import type { Run } from '../domain/run.ts';
import type { Answer, Log } from '../ports.ts';
import type { Handlers } from './app.ts';
import { DENY_FORM, denyForm, readDenyForm, refusedForm } from './deny-form.ts';
import { inTime, personOf, spoken } from './edge.ts';

/** Opens the form that asks why. Returns what its presser is told where Slack does not open it. */
export async function openForm(
  client: WebClient,
  trigger: string,
  run: Run,
  replyTo: string,
  log: Log,
): Promise<Answer | null> {
  try {
    await client.views.open({ trigger_id: trigger, view: denyForm(run, replyTo) });
    return null;
  } catch (error) {
    log.error('a form could not be opened', error, { run: run.id });
    return {
      lines: [
        say`Slack did not open the form, so nothing has changed: send ${code(`/dimg deny ${run.id} [reason]`)}.`,
      ],
    };
  }
}

/** Hears the forms that are sent. Why a denial does not count is shown in the form's place, or told alone where that is late. */
export function listenForDenials(app: bolt.App, handlers: Pick<Handlers, 'deny' | 'reply'>, log: Log): void {
  app.view(DENY_FORM, async ({ body, view, ack }) => {
    const sent = readDenyForm(view);
    const work = spoken(log, async () => {
      if (!sent) throw new UserError('This form is not one of mine: ask with a command instead.');
      const { replyTo: _, ...denial } = sent;
      const words = await handlers.deny({ ...personOf(body), ...denial });
      return words && { lines: [words] };
    });
    const soon = await inTime(work);
    await (soon ? ack({ response_action: 'update', view: refusedForm(soon.lines[0] ?? []) }) : ack());
    const late = soon ? null : await work;
    if (late && sent) await handlers.reply(sent.replyTo, late);
  });
}
