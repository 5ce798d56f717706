import { z } from 'zod';
import { accessory, actionElement, contextImage, inputElement } from './elements.ts';
import { richTextElement } from './rich-text.ts';
import { hasOneImageSource, id, imageFields, plain, text } from './text.ts';

const base = { block_id: id.optional() };

const section = z
  .strictObject({
    type: z.literal('section'),
    ...base,
    text: text(3000).optional(),
    fields: z.array(text(2000)).min(1).max(10).optional(),
    accessory: accessory.optional(),
    expand: z.boolean().optional(),
  })
  .refine((block) => block.text !== undefined || block.fields !== undefined, {
    message: 'must provide either text or fields',
  });

const richText = z.strictObject({
  type: z.literal('rich_text'),
  ...base,
  elements: z.array(richTextElement),
});

const everywhere = [
  section,
  z.strictObject({ type: z.literal('header'), ...base, text: plain(150) }),
  z.strictObject({
    type: z.literal('context'),
    ...base,
    // Slack documents no limit for a context's texts; its own schema refuses more than 2000.
    elements: z
      .array(z.union([contextImage, text(2000)]))
      .min(1)
      .max(10),
  }),
  z.strictObject({ type: z.literal('actions'), ...base, elements: z.array(actionElement).min(1).max(25) }),
  z.strictObject({ type: z.literal('divider'), ...base }),
  z
    .strictObject({ type: z.literal('image'), ...base, ...imageFields, title: plain(2000).optional() })
    .refine(hasOneImageSource, { message: 'must provide either image_url or slack_file' }),
  z.strictObject({
    type: z.literal('input'),
    ...base,
    label: plain(2000),
    element: inputElement,
    hint: plain(2000).optional(),
    optional: z.boolean().optional(),
    dispatch_action: z.boolean().optional(),
  }),
  richText,
] as const;

const cell = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('raw_text'), text: z.string().min(1) }),
  z.strictObject({ type: z.literal('raw_number'), value: z.number(), text: z.string().min(1) }),
  richText.refine((block) => /"(text|user_id|url|name|channel_id)":"[^"]/.test(JSON.stringify(block)), {
    message: 'cell must not be empty',
  }),
]);

const messagesOnly = [
  z.strictObject({
    type: z.literal('table'),
    ...base,
    rows: z.array(z.array(cell).min(1).max(20)).min(1).max(100),
    column_settings: z
      .array(
        z
          .strictObject({
            align: z.enum(['left', 'center', 'right']).optional(),
            is_wrapped: z.boolean().optional(),
          })
          .nullable(),
      )
      .max(20)
      .optional(),
  }),
  z.strictObject({ type: z.literal('markdown'), ...base, text: z.string().min(1).max(12_000) }),
  z.strictObject({
    type: z.literal('file'),
    ...base,
    external_id: z.string().min(1),
    source: z.literal('remote'),
  }),
] as const;

/** The blocks of a message, and of a view (modal or Home). */
export const messageBlocks = z.array(z.discriminatedUnion('type', [...everywhere, ...messagesOnly])).max(50);
export const viewBlocks = z.array(z.discriminatedUnion('type', [...everywhere])).max(100);
