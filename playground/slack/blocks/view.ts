import { z } from 'zod';
import { refuse } from '../refuse.ts';
import type { Block, Json } from '../types.ts';
import { checkViewBlocks } from './check.ts';
import { slackIssues } from './issues.ts';
import { plain } from './text.ts';

const MAX_BYTES = 250_000;

const shared = {
  blocks: z.array(z.unknown()),
  private_metadata: z.string().max(3000).optional(),
  callback_id: z.string().max(255).optional(),
  external_id: z.string().max(255).optional(),
};
const viewSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('home'), ...shared }),
  z.strictObject({
    type: z.literal('modal'),
    ...shared,
    title: plain(24),
    submit: plain(24).optional(),
    close: plain(24).optional(),
    clear_on_close: z.boolean().optional(),
    notify_on_close: z.boolean().optional(),
    submit_disabled: z.boolean().optional(),
  }),
]);

export type CheckedView = {
  readonly type: 'modal' | 'home';
  readonly blocks: Block[];
  readonly title?: Json;
  readonly submit?: Json;
  readonly close?: Json;
  readonly private_metadata?: string;
  readonly callback_id?: string;
  readonly external_id?: string;
  readonly clear_on_close?: boolean;
  readonly notify_on_close?: boolean;
};

/** A view that Slack takes, or its refusal. */
export function checkView(input: unknown, expected: 'modal' | 'home'): CheckedView {
  if (Buffer.byteLength(JSON.stringify(input) ?? '') > MAX_BYTES) refuse('view_too_large');
  const result = viewSchema.safeParse(input);
  if (!result.success) return refuse('invalid_arguments', slackIssues(result.error, input, '/view'));
  if (result.data.type !== expected)
    refuse('invalid_arguments', [`unsupported type: ${result.data.type} [json-pointer:/view/type]`]);
  const checked = checkViewBlocks(result.data.blocks);
  if ('wrong' in checked) return refuse('invalid_arguments', checked.wrong);
  const needsSubmit = checked.blocks.some((block) => block.type === 'input');
  if (needsSubmit && result.data.type === 'modal' && !result.data.submit) {
    refuse('invalid_arguments', ['missing required field: submit [json-pointer:/view]']);
  }
  return { ...result.data, blocks: checked.blocks } as CheckedView;
}
