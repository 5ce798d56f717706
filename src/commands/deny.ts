import { z } from 'zod';
import { LONGEST_REASON } from '../domain/reason.ts';
import { defineCommand, RunNumber, rest } from './_define.ts';

export default defineCommand({
  kind: 'decide',
  summary: "deny somebody else's run",
  about: [
    'Approvers alone may, as the card names them; whoever asked for it cancels it instead.',
    `All that follows the run is the reason, as it stands: at most ${LONGEST_REASON} characters.`,
  ],
  words: z.strictObject({ run: RunNumber, reason: rest(LONGEST_REASON) }),
  options: z.strictObject({}),
  examples: ['deny 1042', 'deny 1042 not before the release'],
  decide: ({ words: { run, reason } }) => ({
    run,
    verb: 'deny',
    ...(reason !== undefined && { reason }),
  }),
});
