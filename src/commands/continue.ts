import { z } from 'zod';
import { defineCommand, RunNumber } from './_define.ts';

export default defineCommand({
  kind: 'decide',
  summary: 'let a run go on with the next hosts, after its canaries or a failure',
  words: z.strictObject({ run: RunNumber }),
  options: z.strictObject({}),
  examples: ['continue 1042'],
  decide: ({ words }) => ({ run: words.run, verb: 'continue' }),
});
