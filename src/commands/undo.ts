import { z } from 'zod';
import { defineCommand, RunNumber } from './_define.ts';

export default defineCommand({
  kind: 'restore',
  summary: 'bring back what a run deleted',
  about: [
    'What was only untagged gets its name again; what was deleted is pulled again by its digest, where a registry has it.',
    'What was never in a registry, removed containers and build cache do not come back; the card names them.',
  ],
  words: z.strictObject({ run: RunNumber }),
  options: z.strictObject({}),
  examples: ['undo 1042'],
  restore: ({ words }) => ({ run: words.run }),
});
