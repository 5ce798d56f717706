import { z } from 'zod';
import { CountOption, defineCommand, flag, valued, Where } from './_define.ts';
import { readSelection, selectionOptions } from './_selection.ts';

export default defineCommand({
  kind: 'delete',
  summary: 'delete dangling images, with -a all unused ones',
  about: [
    'Shows the plan first; you press Delete under it. An image that any container uses, running or stopped, stays.',
    'An image goes only if every option that chooses means it and no option that keeps does.',
  ],
  words: z.strictObject({ where: Where }),
  options: z.strictObject({
    ...selectionOptions,
    'dry-run': flag({ about: 'show the plan and stop there' }),
    force: flag({ short: 'f', about: 'do not ask' }),
    canary: valued(CountOption, {
      value: 'N',
      about: 'N hosts alone first; the others when somebody continues',
    }),
    batch: valued(CountOption, { value: 'N', about: 'N hosts at a time, and a pause where something fails' }),
  }),
  examples: [
    'prune host-3',
    'prune host-3 -a --until 24h',
    'prune ci-* --label!=keep --dry-run',
    'prune a,b --filter until=24h -f',
    'prune ci-1 -a --unused-for 30d --repo team/* --not-repo base --keep 3',
    'prune host-3 -a --free-to 70% --build-cache',
    'prune host-3 -a --stopped-containers=24h',
    'prune all -a --canary 1 --batch 10',
  ],
  select: ({ words, options }) => ({
    where: words.where,
    selection: readSelection(options),
    dryRun: options['dry-run'],
    skipConfirmation: options.force,
    ...((options.canary !== undefined || options.batch !== undefined) && {
      rollout: {
        ...(options.canary !== undefined && { canary: options.canary }),
        ...(options.batch !== undefined && { batch: options.batch }),
      },
    }),
  }),
});
