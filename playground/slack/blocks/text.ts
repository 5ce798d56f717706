import { z } from 'zod';

/** Composition objects. Limits: docs.slack.dev, and `@slack/types` 3.2.0. */

export const id = z.string().min(1).max(255);

/** A `plain_text` object. */
export const plain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });

const mrkdwn = (max: number) =>
  z.strictObject({
    type: z.literal('mrkdwn'),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });

/** A `plain_text` or `mrkdwn` object. */
export const text = (max: number) => z.discriminatedUnion('type', [plain(max), mrkdwn(max)]);

const style = z.enum(['primary', 'danger']);

export const confirm = z.strictObject({
  title: plain(100).optional(),
  text: text(300),
  confirm: plain(30).optional(),
  deny: plain(30).optional(),
  style: style.optional(),
});

const optionRest = { value: z.string().min(1).max(150), description: plain(75).optional() };

/** An option of a select or an overflow menu: plain text only. */
export const plainOption = z.strictObject({
  text: plain(75),
  ...optionRest,
  url: z.string().max(3000).optional(),
});

/** An option of checkboxes or radio buttons. */
export const textOption = z.strictObject({ text: text(75), ...optionRest, description: text(75).optional() });

export const optionGroup = z.strictObject({
  label: plain(75),
  options: z.array(plainOption).min(1).max(100),
});

const picture = {
  image_url: z.string().min(1).max(3000).optional(),
  slack_file: z.union([z.strictObject({ id: z.string() }), z.strictObject({ url: z.string() })]).optional(),
};

export const hasOneImageSource = (image: { image_url?: unknown; slack_file?: unknown }) =>
  (image.image_url === undefined) !== (image.slack_file === undefined);

export const imageFields = { ...picture, alt_text: z.string().min(1).max(2000) };

export { style };
