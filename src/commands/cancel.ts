import { z } from 'zod';
import { defineCommand, RunNumber } from './_define.ts';

export default defineCommand({
  kind: 'decide',
  summary: 'take a run back, or stop it at the next image',
  about: ["Whoever may ask for deletions may stop somebody else's by this command; its requester is told."],
  words: z.strictObject({ run: RunNumber }),
  options: z.strictObject({}),
  examples: ['cancel 1042', 'cancel #1042'],
  decide: ({ words }) => ({ run: words.run, verb: 'cancel' }),
});
