import { z } from 'zod';
import { ImageId } from './ids.ts';
import { formatMoment, Moment } from './time.ts';

/** A tag, or a manifest by its digest with all its tags. */
export const RegistryName = z.union([
  z.strictObject({ repository: z.string(), tag: z.string() }),
  z.strictObject({ repository: z.string(), digest: ImageId }),
]);
export type RegistryName = z.infer<typeof RegistryName>;

export const RegistryRmiSelection = z.strictObject({
  kind: z.literal('registry rmi'),
  names: z.array(RegistryName).min(1),
});
export type RegistryRmiSelection = z.infer<typeof RegistryRmiSelection>;

/** As of `prune`: every rule that an option adds must match, but for those that keep: any of them keeps. */
export const RegistryPruneSelection = z.strictObject({
  kind: z.literal('registry prune'),
  /** A glob of repositories. */
  repositories: z.string(),
  /** Created before. */
  until: Moment.optional(),
  /** So many of the newest images of each repository are kept. */
  keep: z.number().int().positive().optional(),
  /** Globs: only tags that match one. */
  tags: z.array(z.string()),
  /** Globs: tags that match one are kept. */
  notTags: z.array(z.string()),
  /** Manifests without a tag go as well. */
  untagged: z.boolean(),
});
export type RegistryPruneSelection = z.infer<typeof RegistryPruneSelection>;

export type RegistrySelection = RegistryRmiSelection | RegistryPruneSelection;

/** Whether tags are meant at all, and not only what has none. */
export const meansTags = ({ until, keep, tags }: RegistryPruneSelection): boolean =>
  until !== undefined || keep !== undefined || tags.length > 0;

/** `team/app:1`, or `team/app@sha256:…`. */
export const nameText = (name: RegistryName): string =>
  'tag' in name ? `${name.repository}:${name.tag}` : `${name.repository}@${name.digest}`;

/** The words after `registry rmi` or `registry prune`. */
export function registryWords(registry: string, selection: RegistrySelection): string[] {
  if (selection.kind === 'registry rmi')
    return selection.names.map((name) => `${registry}/${nameText(name)}`);
  const { repositories, until, keep, tags, notTags, untagged } = selection;
  return [
    `${registry}/${repositories}`,
    ...(keep === undefined ? [] : ['--keep', String(keep)]),
    ...(until ? ['--until', formatMoment(until)] : []),
    ...tags.flatMap((glob) => ['--tag', glob]),
    ...notTags.flatMap((glob) => ['--not-tag', glob]),
    ...(untagged ? ['--untagged'] : []),
  ];
}
