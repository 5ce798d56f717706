import { z } from 'zod';
import { defineCommand, RunNumber } from './_define.ts';

export default defineCommand({
  kind: 'decide',
  summary: "approve somebody else's run",
  about: [
    'Approvers alone may, as the card names them; whoever asked for it may not, also where they are one.',
  ],
  words: z.strictObject({ run: RunNumber }),
  options: z.strictObject({}),
  examples: ['approve 1042'],
  decide: ({ words }) => ({ run: words.run, verb: 'approve' }),
});
