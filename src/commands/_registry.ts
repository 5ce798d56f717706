import { z } from 'zod';
import type { RegistryPruneSelection } from '../domain/registry-selection.ts';
import { CountOption, flag, MomentOption, repeated, valued } from './_define.ts';

const TagGlob = z
  .string()
  .regex(/^[A-Za-z0-9_.*?-]{1,128}$/, 'a glob of tags has letters, digits, dots, dashes, * and ?');

/** The words that choose in a registry: `registry prune` deletes by them, `registry tags` shows by them. */
export const registryOptions = {
  keep: valued(CountOption, { value: 'N', about: 'keep the N newest images of each repository' }),
  until: valued(MomentOption, { value: '90d', about: 'only images made before then' }),
  tag: repeated(TagGlob, { value: 'pr-*', about: 'only tags that match one of these' }),
  'not-tag': repeated(TagGlob, { value: 'v*', about: 'no tag that matches' }),
  untagged: flag({ about: 'manifests without a tag as well, as far as dimg has seen them before' }),
} as const;

const Options = z.strictObject(registryOptions);

/** The selection that they mean. */
export function readRegistry(
  repositories: string,
  { keep, until, tag, 'not-tag': notTags, untagged }: z.output<typeof Options>,
): RegistryPruneSelection {
  return {
    ...{ kind: 'registry prune', repositories, tags: tag, notTags, untagged },
    ...(keep !== undefined && { keep }),
    ...(until !== undefined && { until }),
  };
}
