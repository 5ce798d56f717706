import { z } from 'zod';
import { hint, input, menu, selects } from './selects.ts';
import {
  confirm,
  hasOneImageSource,
  id,
  imageFields,
  plain,
  plainOption,
  style,
  textOption,
} from './text.ts';

const action = { action_id: id.optional(), confirm: confirm.optional() };
const typed = {
  dispatch_action_config: z.strictObject({ trigger_actions_on: z.array(z.string()).optional() }).optional(),
};
const button = z.strictObject({
  type: z.literal('button'),
  ...action,
  text: plain(75),
  value: z.string().max(2000).optional(),
  url: z.string().min(1).max(3000).optional(),
  style: style.optional(),
  accessibility_label: z.string().max(75).optional(),
});

const pickers = [
  z.strictObject({
    type: z.literal('datepicker'),
    ...menu,
    initial_date: z
      .string()
      .regex(/^\d{4}-\d\d-\d\d$/)
      .optional(),
  }),
  z.strictObject({
    type: z.literal('timepicker'),
    ...menu,
    initial_time: z
      .string()
      .regex(/^\d\d:\d\d$/)
      .optional(),
    timezone: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('checkboxes'),
    ...input,
    confirm: confirm.optional(),
    options: z.array(textOption).min(1).max(10),
    initial_options: z.array(textOption).min(1).max(10).optional(),
  }),
  z.strictObject({
    type: z.literal('radio_buttons'),
    ...input,
    confirm: confirm.optional(),
    options: z.array(textOption).min(1).max(10),
    initial_option: textOption.optional(),
  }),
] as const;

const overflow = z.strictObject({
  type: z.literal('overflow'),
  ...action,
  options: z.array(plainOption).min(1).max(5),
});

const image = z
  .strictObject({ type: z.literal('image'), ...imageFields })
  .refine(hasOneImageSource, { message: 'must provide either image_url or slack_file' });

const typing = [
  z.strictObject({
    type: z.literal('plain_text_input'),
    ...input,
    ...hint,
    ...typed,
    initial_value: z.string().max(3000).optional(),
    multiline: z.boolean().optional(),
    min_length: z.int().min(0).max(3000).optional(),
    max_length: z.int().min(1).max(3000).optional(),
  }),
  z.strictObject({
    type: z.literal('number_input'),
    ...input,
    ...hint,
    ...typed,
    is_decimal_allowed: z.boolean(),
    initial_value: z.string().optional(),
    min_value: z.string().optional(),
    max_value: z.string().optional(),
  }),
] as const;

/** What each place of a block may hold; image elements stand in sections and contexts only. */
export const contextImage = image;
export const accessory = z.discriminatedUnion('type', [button, overflow, image, ...selects, ...pickers]);
export const actionElement = z.discriminatedUnion('type', [button, overflow, ...selects, ...pickers]);
export const inputElement = z.discriminatedUnion('type', [...typing, ...selects, ...pickers]);
