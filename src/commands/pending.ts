import { z } from 'zod';
import { code, join, type Markup, say, time, user } from '../domain/markup.ts';
import type { Run } from '../domain/run.ts';
import { totals } from '../domain/run.ts';
import { formatSize } from '../domain/size.ts';
import { amount, describeRun } from '../domain/words.ts';
import { defineCommand } from './_define.ts';

export default defineCommand({
  kind: 'answer',
  audience: 'caller',
  summary: 'what waits, and for whom',
  words: z.strictObject({}),
  options: z.strictObject({}),
  examples: ['pending'],
  async answer(_input, desk) {
    const runs = await desk.openRuns();
    return { lines: runs.length === 0 ? [say`Nothing waits.`] : runs.map(line) };
  },
});

// --- internal ---

function line(run: Run): Markup {
  const sum = totals(run);
  const parts = [say`#${run.id} ${code(describeRun(run))} asked by ${user(run.requester)}`];
  if (run.state === 'planning') parts.push(say`is being planned`);
  else if (run.state === 'executing') parts.push(say`is being carried out, ${sum.settled} of ${sum.items}`);
  else {
    const left = run.policy.count - run.approvals.length;
    const whom =
      run.approvalFor.length > 0
        ? say`${left === 1 ? 'an approver' : `${left} approvers`}`
        : say`${user(run.requester)} to confirm`;
    parts.push(say`${amount(sum)}, ${formatSize(sum.reclaim)}, waits for ${whom}`);
    if (run.expiresAt !== undefined) parts.push(say`expires ${time(run.expiresAt)}`);
  }
  return say`• ${join(parts, ' · ')}`;
}
