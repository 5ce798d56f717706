import { z } from 'zod';
import { decisions } from '../domain/decisions.ts';
import { driftRows } from '../domain/drift-rows.ts';
import { UserError } from '../domain/error.ts';
import { bold, code, join, type Markup, plural, say, time, user } from '../domain/markup.ts';
import type { Plan } from '../domain/plan.ts';
import { planOf } from '../domain/plan-of.ts';
import { reasonWords } from '../domain/reason.ts';
import { tagsGoing } from '../domain/registry-words.ts';
import type { Rights } from '../domain/rights.ts';
import {
  cacheOutcomeRows,
  cacheRows,
  containerRows,
  itemRow,
  keptRows,
  outcomeRow,
  problemRows,
} from '../domain/rows.ts';
import { type HostPart, isFinal, type Run } from '../domain/run.ts';
import { isOfRegistry } from '../domain/selection.ts';
import { formatSize } from '../domain/size.ts';
import { troubleWords } from '../domain/trouble.ts';
import { standing, whoMay } from '../domain/waiting.ts';
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
        ...stands(run, desk.rights),
        ...decisions(run),
        ...ending(run),
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

/** Where it is, and whom it waits for; once that is over, what it had needed. */
function stands(run: Run, rights: Rights): Markup[] {
  if (run.state === 'planning') return [];
  if (run.state === 'proposed') return [standing(run, whoMay(run, rights))];
  const needed = plural(run.policy.count, 'approval');
  return [
    ...(run.approvalFor.length > 0 ? [say`needed ${needed} (${run.approvalFor.join(', ')})`] : []),
    ...(isFinal(run.state) ? [] : [standing(run)]),
  ];
}

function ending(run: Run): Markup[] {
  const lines: Markup[] = [];
  if (run.denied?.reason !== undefined) lines.push(say`because: ${reasonWords(run.denied.reason)}`);
  if (run.endedAt !== undefined) lines.push(say`ended ${time(run.endedAt)}`);
  if (run.audit) lines.push(say`newest audit entry ${run.audit.n} ${code(run.audit.hash)}`);
  return lines;
}

function hostLines(host: string, part: HostPart, plan: Plan | undefined, run: Run): Markup[] {
  const there = isOfRegistry(run.selection) ? ('registry' as const) : undefined;
  if (!plan) return [say`${bold(host)} ${part.trouble ? troubleWords(part.trouble, there) : 'no plan yet'}`];
  const started = run.executingSince !== undefined;
  const outcomes = new Map(part.outcomes.map((outcome) => [outcome.image, outcome]));
  const going = tagsGoing(plan.items);
  const freed = part.outcomes.reduce((sum, outcome) => sum + outcome.freed, part.cache?.freed ?? 0);
  const sums = [
    say`planned ${plan.items.length + plan.cache.length}, ${there ? 'up to ' : ''}${formatSize(plan.reclaim)}`,
  ];
  if (started && !there) sums.push(say`freed ${formatSize(freed)}`);
  if (part.trouble) sums.push(troubleWords(part.trouble, there));
  return [
    say`${bold(host)} ${join(sums, ' · ')} · plan ${code(plan.digest)}`,
    ...problemRows(plan),
    ...plan.items.flatMap((item) =>
      started
        ? [outcomeRow(item, outcomes.get(item.image), part.trouble)]
        : [itemRow(item, plan.takenAt, going), ...containerRows(item, plan.takenAt)],
    ),
    ...(started ? cacheOutcomeRows(plan, part.cache) : cacheRows(plan)),
    ...(part.drift ? driftRows(part.drift, there !== undefined) : []),
    ...keptRows(plan.kept, false),
  ];
}
