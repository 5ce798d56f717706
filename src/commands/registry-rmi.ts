import { z } from 'zod';
import { UserError } from '../domain/error.ts';
import { code, say } from '../domain/markup.ts';
import { parseRegistryName } from '../domain/registry-name.ts';
import { defineCommand, flag } from './_define.ts';

export default defineCommand({
  kind: 'delete',
  summary: 'delete these tags in a registry; somebody else approves',
  about: [
    'A tag goes alone where other tags on the same manifest stay and the registry can delete one; with its last tag goes the manifest. A digest takes all its tags.',
  ],
  words: z.strictObject({ image: z.array(z.string()).max(100) }),
  options: z.strictObject({ 'dry-run': flag({ about: 'show the plan and stop there' }) }),
  examples: [
    'registry rmi main/team/app:1.2',
    'registry rmi main/app:pr-7 main/app:pr-8 --dry-run',
    `registry rmi main/app@sha256:${'0'.repeat(64)}`,
  ],
  select({ words, options }) {
    const named = words.image.map(parseRegistryName);
    const [first] = named;
    const other = named.find(({ registry }) => registry !== first?.registry);
    if (!first || other)
      throw new UserError(
        say`Name one registry at a time: ${code(other?.registry ?? '')} is another than ${code(first?.registry ?? '')}.`,
      );
    const selection = { kind: 'registry rmi' as const, names: named.map(({ name }) => name) };
    return { where: first.registry, selection, dryRun: options['dry-run'] };
  },
});
