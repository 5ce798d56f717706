import { z } from 'zod';
import { defineCommand, RunNumber } from './_define.ts';

export default defineCommand({
  kind: 'decide',
  summary: "deny somebody else's run",
  words: z.strictObject({ run: RunNumber, reason: z.array(z.string()).default([]) }),
  options: z.strictObject({}),
  examples: ['deny 1042', 'deny 1042 not before the release'],
  decide: ({ words }) => ({
    run: words.run,
    verb: 'deny',
    ...(words.reason.length > 0 && { reason: words.reason.join(' ').slice(0, 500) }),
  }),
});
