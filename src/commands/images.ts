import { z } from 'zod';
import { shortId } from '../domain/ids.ts';
import { bold, code, join, type Markup, plural, say, some } from '../domain/markup.ts';
import type { Item, Kept, Plan } from '../domain/plan.ts';
import { cacheRows, problemRows } from '../domain/rows.ts';
import { formatSize } from '../domain/size.ts';
import { formatAge } from '../domain/time.ts';
import { troubleWords, users } from '../domain/trouble.ts';
import { defineCommand } from './_define.ts';
import { readSelection, selectionOptions } from './_selection.ts';
import { perHost } from './_survey.ts';

/** What was used so lately is as good as in use. */
const HOUR_MS = 3_600_000;

/** More rows than anybody reads in a chat; the totals still count them. */
const MOST = 300;

export default defineCommand({
  kind: 'survey',
  summary: 'images of a host, and what a prune with the same options would do with each',
  words: z.strictObject({ host: z.string().max(100) }),
  options: z.strictObject(selectionOptions),
  examples: ['images host-3', 'images host-3 -a --until 7d', 'images host-3 -a --unused-for 30d --keep 3'],
  survey: ({ words, options }) => ({
    where: words.host,
    one: true,
    job: { kind: 'survey', selection: readSelection(options) },
  }),
  show: (surveyed, _input, now) => ({
    lines: perHost(surveyed, (_host, body) => (body.kind === 'plan' ? planLines(body.plan, now) : null)),
  }),
});

// --- internal ---

function planLines(plan: Plan, now: number): Markup[] {
  const rows = [
    ...plan.items.map((item) => row(item, now, say`${bold('would go')}, frees ${formatSize(item.reclaim)}`)),
    ...plan.kept.map((kept) =>
      row(
        kept,
        now,
        say`stays: ${troubleWords(kept.reason)}${kept.reclaim > 0 ? `, alone frees ${formatSize(kept.reclaim)}` : ''}`,
      ),
    ),
  ];
  const more =
    rows.length > MOST
      ? [say`and ${rows.length - MOST} more: narrow it, as with ${code('--until 30d')}`]
      : [];
  return [
    say`${bold(plan.host)}: ${plural(rows.length, 'image')}, a prune would delete ${plan.items.length} and free ${formatSize(plan.reclaim)}`,
    ...problemRows(plan),
    ...cacheRows(plan),
    ...rows.slice(0, MOST),
    ...more,
  ];
}

function row(subject: Item | Kept, now: number, fate: Markup): Markup {
  const name = subject.references.length > 0 ? some(subject.references) : say`${code('<none>')}`;
  const parts = [
    say`${name} ${code(shortId(subject.image))}`,
    say`${formatSize(subject.size)}`,
    say`${formatAge(now - subject.createdAt)} old`,
    ...(now - subject.usedAt < HOUR_MS ? [] : [say`unused ${formatAge(now - subject.usedAt)}`]),
    ...('reason' in subject && subject.reason.kind === 'in-use'
      ? []
      : subject.usedBy.length > 0
        ? [say`used by ${users(subject.usedBy)}`]
        : []),
    fate,
  ];
  return say`• ${join(parts, ' · ')}`;
}
