import { z } from 'zod';
import { confirm, id, optionGroup, plain, plainOption } from './text.ts';

/** What every input element may carry. */
export const input = { action_id: id.optional(), focus_on_load: z.boolean().optional() };
export const hint = { placeholder: plain(150).optional() };
const several = { max_selected_items: z.int().min(1).optional() };
export const menu = { ...input, ...hint, confirm: confirm.optional() };
const filter = {
  default_to_current_conversation: z.boolean().optional(),
  filter: z
    .strictObject({
      include: z
        .array(z.enum(['im', 'mpim', 'private', 'public']))
        .min(1)
        .optional(),
      exclude_external_shared_channels: z.boolean().optional(),
      exclude_bot_users: z.boolean().optional(),
    })
    .optional(),
};
const url = { response_url_enabled: z.boolean().optional() };
const ids = z.array(z.string());

const choices = {
  options: z.array(plainOption).min(1).max(100).optional(),
  option_groups: z.array(optionGroup).min(1).max(100).optional(),
};
const oneKind = (select: { options?: unknown; option_groups?: unknown }) =>
  (select.options === undefined) !== (select.option_groups === undefined);
const needsOptions = { message: 'must provide either options or option_groups' };

/** Menus: of options, people, conversations, channels. */
export const selects = [
  z
    .strictObject({
      type: z.literal('static_select'),
      ...menu,
      ...choices,
      initial_option: plainOption.optional(),
    })
    .refine(oneKind, needsOptions),
  z
    .strictObject({
      type: z.literal('multi_static_select'),
      ...menu,
      ...choices,
      ...several,
      initial_options: z.array(plainOption).min(1).max(100).optional(),
    })
    .refine(oneKind, needsOptions),
  z.strictObject({ type: z.literal('users_select'), ...menu, initial_user: z.string().optional() }),
  z.strictObject({
    type: z.literal('multi_users_select'),
    ...menu,
    ...several,
    initial_users: ids.optional(),
  }),
  z.strictObject({
    type: z.literal('conversations_select'),
    ...menu,
    ...filter,
    ...url,
    initial_conversation: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('multi_conversations_select'),
    ...menu,
    ...several,
    ...filter,
    initial_conversations: ids.optional(),
  }),
  z.strictObject({
    type: z.literal('channels_select'),
    ...menu,
    ...url,
    initial_channel: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('multi_channels_select'),
    ...menu,
    ...several,
    initial_channels: ids.optional(),
  }),
] as const;
