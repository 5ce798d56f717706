import { z } from 'zod';
import { RunId } from './ids.ts';
import {
  RegistryPruneSelection,
  RegistryRmiSelection,
  type RegistrySelection,
} from './registry-selection.ts';
import { typedSize } from './size.ts';
import { formatMoment, Moment } from './time.ts';

/** `key`, `key=value`, and their negations. */
export const LabelRule = z.strictObject({
  key: z.string().min(1),
  value: z.string().optional(),
  not: z.boolean(),
});
export type LabelRule = z.infer<typeof LabelRule>;

/** How much is to be freed: so many bytes, or until only so many percent of the disk are used. */
export const Goal = z.union([
  z.strictObject({ bytes: z.number().positive() }),
  z.strictObject({ percent: z.number().min(0).max(100) }),
]);
export type Goal = z.infer<typeof Goal>;

/** Every rule that an option adds must match, but for those that keep: any of them keeps. */
export const PruneSelection = z.strictObject({
  kind: z.literal('prune'),
  /** Unused images, not only dangling ones. */
  all: z.boolean(),
  /** Created before. */
  until: Moment.optional(),
  /** Not used since. */
  unusedSince: Moment.optional(),
  labels: z.array(LabelRule),
  /** Globs: every repository of the image matches one. */
  repos: z.array(z.string()).optional(),
  /** Globs: an image with a repository that matches one is kept. */
  notRepos: z.array(z.string()).optional(),
  /** So many of the newest images of each repository are kept. */
  keep: z.number().int().positive().optional(),
  /** The least recently used first, until the goal is met. */
  goal: Goal.optional(),
  buildCache: z.boolean().optional(),
  /** Containers that stopped longer ago, in milliseconds, are removed with the images that they hold. */
  stoppedContainers: z.number().nonnegative().optional(),
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

/** What a person asked to be deleted, as data. */
export const Selection = z.discriminatedUnion('kind', [PruneSelection, RmiSelection]);
export type Selection = z.infer<typeof Selection>;

/** The same of a host or a registry. */
export const AnySelection = z.discriminatedUnion('kind', [
  ...Selection.options,
  RegistryRmiSelection,
  RegistryPruneSelection,
]);
export type AnySelection = z.infer<typeof AnySelection>;

/** Whether it is about a registry. */
export const isOfRegistry = (selection: AnySelection | UndoSelection): selection is RegistrySelection =>
  selection.kind === 'registry rmi' || selection.kind === 'registry prune';

/** Bringing back what a run deleted. */
export const UndoSelection = z.strictObject({ kind: z.literal('undo'), run: RunId });
export type UndoSelection = z.infer<typeof UndoSelection>;

/** `docker image prune`, with `-a` or without: what is shown of a host unasked. */
export const plainPrune = (all: boolean): PruneSelection => ({ kind: 'prune', all, labels: [] });

/** Docker's rule: every wanted label must match, and the image goes free only if all the negated ones do. */
export function labelsMatch(rules: readonly LabelRule[], labels: Readonly<Record<string, string>>): boolean {
  const matches = (rule: LabelRule) =>
    Object.hasOwn(labels, rule.key) && (rule.value === undefined || labels[rule.key] === rule.value);
  const negated = rules.filter((rule) => rule.not);
  return rules.filter((rule) => !rule.not).every(matches) && !(negated.length > 0 && negated.every(matches));
}

/** The label rule that `label=key` or `label=key=value` is, as a host's `protect` spells it; `null` for a glob. */
export function labelOf(rule: string): { key: string; value: string | undefined } | null {
  const [, key, value] = /^label=([^=]+)(?:=(.*))?$/s.exec(rule) ?? [];
  return key === undefined ? null : { key, value };
}

/** The options and images of a selection as one would type them. */
export function describe(selection: Selection | UndoSelection): string {
  switch (selection.kind) {
    case 'undo':
      return String(selection.run);
    case 'rmi':
      return [...selection.images.map((image) => image.text), ...(selection.force ? ['-f'] : [])].join(' ');
    case 'prune':
      return pruneOptions(selection).map(quoted).join(' ');
  }
}

/** As the commands' tokeniser reads it back. */
export function quoted(word: string): string {
  return /[\s"'\\]/.test(word) ? `"${word.replace(/["\\]/g, '\\$&')}"` : word;
}

// --- internal ---

function pruneOptions(selection: PruneSelection): string[] {
  const { until, unusedSince, labels, repos = [], notRepos = [], keep, goal, stoppedContainers } = selection;
  const words: string[] = [];
  if (selection.all) words.push('--all');
  if (until) words.push('--until', formatMoment(until));
  if (unusedSince) words.push('--unused-for', formatMoment(unusedSince));
  for (const { key, value, not } of labels)
    words.push(`--label${not ? '!' : ''}=${key}${value === undefined ? '' : `=${value}`}`);
  words.push(...repos.flatMap((glob) => ['--repo', glob]));
  words.push(...notRepos.flatMap((glob) => ['--not-repo', glob]));
  if (keep !== undefined) words.push('--keep', String(keep));
  if (goal)
    words.push(...('bytes' in goal ? ['--free', typedSize(goal.bytes)] : ['--free-to', `${goal.percent}%`]));
  if (selection.buildCache) words.push('--build-cache');
  if (stoppedContainers !== undefined)
    words.push(`--stopped-containers=${formatMoment({ ago: stoppedContainers })}`);
  return words;
}
