import { z } from 'zod';
import { driftRows } from '../domain/drift-rows.ts';
import { UserError } from '../domain/error.ts';
import { bold, code, join, type Markup, say, time, user } from '../domain/markup.ts';
import type { Plan } from '../domain/plan.ts';
import { planOf } from '../domain/plan-of.ts';
import {
  cacheOutcomeRows,
  cacheRows,
  containerRows,
  itemRow,
  keptRows,
  outcomeRow,
  problemRows,
} from '../domain/rows.ts';
import type { HostPart, Run } from '../domain/run.ts';
import { formatSize } from '../domain/size.ts';
import { troubleWords } from '../domain/trouble.ts';
import { describeRun, headline } from '../domain/words.ts';
import { defineCommand, RunNumber } from './_define.ts';

export default defineCommand({
  kind: 'answer',
  audience: 'channel',
  summary: 'one run in full: what was planned, who decided, how each image ended',
  words: z.strictObject({ run: RunNumber }),
  options: z.strictObject({}),
  examples: ['show 1042'],
  async answer({ words }, desk) {
    const found = await desk.run(words.run);
    if (!found)
      throw new UserError(
        say`There is no run #${words.run}. ${code('/dimg history')} names those there were.`,
      );
    const { run, plans } = found;
    return {
      notice: headline(run),
      lines: [
        say`${bold(`#${run.id}`)} ${run.state} ${code(describeRun(run))} asked by ${user(run.requester)} ${time(run.createdAt)}`,
        ...together(run),
        ...decisions(run),
        ...Object.entries(run.hosts).flatMap(([host, part]) => hostLines(host, part, plans.get(host), run)),
      ],
    };
  },
});

// --- internal ---

/** Of several hosts, the digest that stands for all of their plans. */
function together(run: Run): Markup[] {
  const plan = planOf(run);
  return plan && plan.hosts > 1 ? [say`plan ${code(plan.digest)} of ${plan.hosts} hosts`] : [];
}

function decisions(run: Run): Markup[] {
  const lines: Markup[] = [];
  if (run.confirmed) lines.push(say`confirmed by ${user(run.confirmed.by)} ${time(run.confirmed.at)}`);
  for (const { by, at } of run.approvals) lines.push(say`approved by ${user(by)} ${time(at)}`);
  if (run.denied)
    lines.push(
      say`denied by ${user(run.denied.by)} ${time(run.denied.at)}${run.denied.reason === undefined ? '' : `: ${run.denied.reason}`}`,
    );
  for (const { by, at } of run.continued ?? []) lines.push(say`continued by ${user(by)} ${time(at)}`);
  for (const { by, at, run: undo } of run.undone ?? [])
    lines.push(say`undone by ${user(by)} ${time(at)} with #${undo}`);
  if (run.again)
    lines.push(say`asked again by ${user(run.again.by)} ${time(run.again.at)} with #${run.again.run}`);
  if (run.cancel) lines.push(say`cancelled by ${user(run.cancel.by)} ${time(run.cancel.at)}`);
  if (run.endedAt !== undefined)
    lines.push(
      say`ended ${time(run.endedAt)}${run.audit ? say`, audit ${run.audit.n} ${code(run.audit.hash)}` : ''}`,
    );
  return lines;
}

function hostLines(host: string, part: HostPart, plan: Plan | undefined, run: Run): Markup[] {
  if (!plan) return [say`${bold(host)} ${part.trouble ? troubleWords(part.trouble) : 'no plan yet'}`];
  const started = run.executingSince !== undefined;
  const outcomes = new Map(part.outcomes.map((outcome) => [outcome.image, outcome]));
  const freed = part.outcomes.reduce((sum, outcome) => sum + outcome.freed, part.cache?.freed ?? 0);
  const sums = [say`planned ${plan.items.length + plan.cache.length}, ${formatSize(plan.reclaim)}`];
  if (started) sums.push(say`freed ${formatSize(freed)}`);
  if (part.trouble) sums.push(troubleWords(part.trouble));
  return [
    say`${bold(host)} ${join(sums, ' · ')} · plan ${code(plan.digest)}`,
    ...problemRows(plan),
    ...plan.items.flatMap((item) =>
      started
        ? [outcomeRow(item, outcomes.get(item.image), part.trouble)]
        : [itemRow(item, plan.takenAt), ...containerRows(item, plan.takenAt)],
    ),
    ...(started ? cacheOutcomeRows(plan, part.cache) : cacheRows(plan)),
    ...(part.drift ? driftRows(part.drift) : []),
    ...keptRows(plan.kept, false),
  ];
}
