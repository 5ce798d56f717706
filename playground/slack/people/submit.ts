import { z } from 'zod';
import { slackIssues } from '../blocks/issues.ts';
import { checkView } from '../blocks/view.ts';
import type { Context } from '../context.ts';
import type { Delivery, SubmitInput, SubmitResult } from '../controls.ts';
import type { Dispatch } from '../dispatch.ts';
import { refuse } from '../refuse.ts';
import type { Json, View } from '../types.ts';
import { wireView } from '../views.ts';
import { badAck } from './command.ts';
import { interaction, person } from './payloads.ts';
import { formErrors, stateValues } from './values.ts';

const view = z.record(z.string(), z.unknown());
const answerSchema = z.discriminatedUnion('response_action', [
  z.strictObject({ response_action: z.literal('errors'), errors: z.record(z.string(), z.string().min(1)) }),
  z.strictObject({ response_action: z.literal('update'), view }),
  z.strictObject({ response_action: z.literal('push'), view }),
  z.strictObject({ response_action: z.literal('clear') }),
]);

function opened(context: Context, id: string): View {
  const found = context.views.get(id);
  if (found?.type !== 'modal') throw new Error(`no modal ${id} is open`);
  return found;
}

/** Somebody presses a modal's submit button. */
export async function submit(
  context: Context,
  dispatch: Dispatch,
  input: SubmitInput,
): Promise<SubmitResult> {
  const modal = opened(context, input.view_id);
  const user = person(context, input.user);
  if (modal.user !== user.id) throw new Error(`${user.name} does not see this modal`);
  if (!modal.submit) throw new Error('this modal has no submit button');
  checkKeys(modal, input);
  const values = stateValues(modal.blocks, input.values ?? {});
  const errors = formErrors(modal.blocks, values);
  // Slack's client keeps an incomplete form back: nothing reaches the app.
  if (Object.keys(errors).length > 0) return { error: 'incomplete', errors, envelopeId: '', payload: {} };

  const payload = {
    type: 'view_submission',
    ...interaction(context, user),
    view: wireView(modal, values),
    response_urls: [],
  };
  const who = { user: user.id, what: 'submit' };
  const delivery = await dispatch.deliver('interactive', payload, who, input);
  if (!delivery.ackPayload) return delivery;
  try {
    return { ...delivery, ...applyAnswer(context, modal, delivery.ackPayload) };
  } catch (error) {
    return { ...delivery, error: badAck(context, error, delivery.ackPayload, who) };
  }
}

function checkKeys(modal: View, input: SubmitInput) {
  const text = JSON.stringify(modal.blocks);
  for (const key of Object.keys(input.values ?? {})) {
    if (!text.includes(JSON.stringify(key))) throw new Error(`no field ${key} in this modal`);
  }
}

function applyAnswer(context: Context, modal: View, payload: Json): { errors?: Record<string, string> } {
  const { views } = context;
  if (Object.keys(payload).length === 0) {
    views.close(modal, false);
    return {};
  }
  const parsed = answerSchema.safeParse(payload);
  if (!parsed.success) return refuse('invalid_arguments', slackIssues(parsed.error, payload, ''));
  const answer = parsed.data;
  switch (answer.response_action) {
    case 'clear':
      views.close(modal, true);
      return {};
    case 'update':
      views.update(modal, checkView(answer.view, 'modal'));
      return {};
    case 'push':
      views.push(modal.user, checkView(answer.view, 'modal'));
      return {};
    case 'errors': {
      const inputs = new Set(
        modal.blocks.filter((block) => block.type === 'input').map((block) => block.block_id),
      );
      const strange = Object.keys(answer.errors).filter((id) => !inputs.has(id));
      if (strange.length > 0 || Object.keys(answer.errors).length === 0) {
        refuse('invalid_arguments', [`errors must name input blocks: ${strange.join(', ')}`]);
      }
      views.setErrors(modal, answer.errors);
      return { errors: answer.errors };
    }
  }
}

/** Somebody closes a modal; the app hears of it where it asked to. */
export async function closeView(
  context: Context,
  dispatch: Dispatch,
  id: string,
): Promise<Delivery | undefined> {
  const modal = opened(context, id);
  context.views.close(modal, false);
  if (!modal.notify_on_close) return undefined;
  const user = person(context, modal.user);
  const payload = {
    type: 'view_closed',
    ...interaction(context, user),
    view: wireView(modal),
    is_cleared: false,
  };
  return dispatch.deliver('interactive', payload, { user: user.id, what: 'close' });
}
