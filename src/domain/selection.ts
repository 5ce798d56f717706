import { z } from 'zod';
import { formatMoment, Moment } from './time.ts';

/** `key`, `key=value`, and their negations. */
export const LabelRule = z.strictObject({
  key: z.string().min(1),
  value: z.string().optional(),
  not: z.boolean(),
});
export type LabelRule = z.infer<typeof LabelRule>;

export const PruneSelection = z.strictObject({
  kind: z.literal('prune'),
  /** Unused images, not only dangling ones. */
  all: z.boolean(),
  /** Created before. */
  until: Moment.optional(),
  labels: z.array(LabelRule),
});
export type PruneSelection = z.infer<typeof PruneSelection>;

export const RmiSelection = z.strictObject({
  kind: z.literal('rmi'),
  images: z
    .array(
      z.strictObject({
        text: z.string(),
        reference: z.string().optional(),
        idPrefix: z
          .string()
          .regex(/^[0-9a-f]{12,64}$/)
          .optional(),
      }),
    )
    .min(1),
  force: z.boolean(),
});
export type RmiSelection = z.infer<typeof RmiSelection>;

/** What a person asked for, as data. */
export const Selection = z.discriminatedUnion('kind', [PruneSelection, RmiSelection]);
export type Selection = z.infer<typeof Selection>;

/** Docker's rule: every wanted label must match, and the image goes free only if all the negated ones do. */
export function labelsMatch(rules: readonly LabelRule[], labels: Readonly<Record<string, string>>): boolean {
  const matches = (rule: LabelRule) =>
    Object.hasOwn(labels, rule.key) && (rule.value === undefined || labels[rule.key] === rule.value);
  const negated = rules.filter((rule) => rule.not);
  return rules.filter((rule) => !rule.not).every(matches) && !(negated.length > 0 && negated.every(matches));
}

/** The options and images of a selection as one would type them. */
export function describe(selection: Selection): string {
  const words: string[] = [];
  if (selection.kind === 'rmi') {
    words.push(...selection.images.map((image) => image.text));
    if (selection.force) words.push('-f');
    return words.join(' ');
  }
  if (selection.all) words.push('--all');
  if (selection.until) words.push('--until', formatMoment(selection.until));
  for (const { key, value, not } of selection.labels)
    words.push(`--label${not ? '!' : ''}=${key}${value === undefined ? '' : `=${value}`}`);
  return words.map(quoted).join(' ');
}

// --- internal ---

/** As the commands' tokeniser reads it back. */
function quoted(word: string): string {
  return /[\s"'\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word;
}
