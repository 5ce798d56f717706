import { z } from 'zod';
import { defineCommand, flag, Where } from './_define.ts';
import { readSelection, selectionOptions } from './_selection.ts';

export default defineCommand({
  kind: 'delete',
  summary: 'delete dangling images, with -a all unused ones',
  about: [
    'Shows the plan first; you press Delete under it. An image that any container uses, running or stopped, stays.',
  ],
  words: z.strictObject({ where: Where }),
  options: z.strictObject({
    ...selectionOptions,
    'dry-run': flag({ about: 'show the plan and stop there' }),
    force: flag({ short: 'f', about: 'do not ask' }),
  }),
  examples: [
    'prune host-3',
    'prune host-3 -a --until 24h',
    'prune ci-* --label!=keep --dry-run',
    'prune a,b --filter until=24h -f',
  ],
  select: ({ words, options }) => ({
    where: words.where,
    selection: readSelection(options),
    dryRun: options['dry-run'],
    skipConfirmation: options.force,
  }),
});
