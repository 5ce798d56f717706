import type { ViewOutput } from '@slack/bolt';
import type { ModalView } from '@slack/types';
import { z } from 'zod';
import { RunId } from '../domain/ids.ts';
import { code, type Markup, say, user } from '../domain/markup.ts';
import { LONGEST_REASON } from '../domain/reason.ts';
import type { Run } from '../domain/run.ts';
import { describeRun } from '../domain/words.ts';
import { sections } from './blocks.ts';

export const DENY_FORM = 'deny';

/** What the form carries from the press to its submission. Slack keeps it; it comes back through a client. */
const Carried = z.strictObject({ run: RunId, replyTo: z.url() });

/** The form that a press of `Deny` opens. `replyTo` is where its presser can still be told something alone. */
export function denyForm(run: Run, replyTo: string): ModalView {
  return {
    type: 'modal',
    callback_id: DENY_FORM,
    private_metadata: JSON.stringify({ run: run.id, replyTo } satisfies z.input<typeof Carried>),
    title: { type: 'plain_text', text: `Deny #${run.id}`.slice(0, 24) },
    submit: { type: 'plain_text', text: 'Deny' },
    close: { type: 'plain_text', text: 'Back' },
    blocks: [
      ...sections([
        say`${code(describeRun(run))} asked by ${user(run.requester)}`,
        say`Nothing of it is deleted then, and the card says who denied it, and why.`,
      ]),
      {
        type: 'input',
        block_id: 'reason',
        optional: true,
        label: { type: 'plain_text', text: 'Reason' },
        element: {
          type: 'plain_text_input',
          action_id: 'reason',
          multiline: true,
          max_length: LONGEST_REASON,
          focus_on_load: true,
        },
      },
    ],
  };
}

/** The form again, with nothing but words: why the denial does not count. */
export function refusedForm(words: Markup): ModalView {
  return {
    type: 'modal',
    title: { type: 'plain_text', text: 'Not denied' },
    close: { type: 'plain_text', text: 'Close' },
    blocks: sections([words]),
  };
}

/** What was filled in; `null` where this is no form of ours. */
export function readDenyForm(
  view: Pick<ViewOutput, 'private_metadata' | 'state'>,
): { run: RunId; replyTo: string; reason?: string } | null {
  const carried = Carried.safeParse(json(view.private_metadata));
  if (!carried.success) return null;
  // Slack lets nobody send more.
  const reason = view.state.values.reason?.reason?.value?.trim() ?? '';
  return { ...carried.data, ...(reason !== '' && { reason }) };
}

// --- internal ---

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
