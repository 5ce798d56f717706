import { z } from 'zod';
import { UserError } from '../domain/error.ts';
import { code, say } from '../domain/markup.ts';
import { parseRepositories } from '../domain/registry-name.ts';
import { meansTags } from '../domain/registry-selection.ts';
import { defineCommand, flag } from './_define.ts';
import { readRegistry, registryOptions } from './_registry.ts';

export default defineCommand({
  kind: 'delete',
  summary: 'delete images in a registry; somebody else approves',
  about: [
    'An image goes only if every option that chooses means it and no option that keeps does. The tag latest stays, and so does what containers on any host use.',
    'Parts of multi-platform images and signatures go and stay with what they belong to. Nothing is freed before the registry collects its garbage.',
  ],
  words: z.strictObject({ repositories: z.string().max(300) }),
  options: z.strictObject({
    ...registryOptions,
    'dry-run': flag({ about: 'show the plan and stop there' }),
  }),
  examples: [
    'registry prune main/team/app --keep 10',
    "registry prune main/team/* --until 90d --not-tag 'v*'",
    'registry prune main/app --tag pr-* --until 7d --untagged --dry-run',
  ],
  select({ words, options }) {
    const { registry, repositories } = parseRepositories(words.repositories);
    const selection = readRegistry(repositories, options);
    if (!meansTags(selection) && !selection.untagged)
      throw new UserError(
        say`Say what goes: ${code('--keep 10')}, ${code('--until 90d')}, ${code('--tag pr-*')} or ${code('--untagged')}.`,
      );
    return { where: registry, selection, dryRun: options['dry-run'] };
  },
});
