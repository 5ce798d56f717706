import { z } from 'zod';
import { bold, code, join, type Markup, plural, say } from '../domain/markup.ts';
import type { Item, Kept, Plan } from '../domain/plan.ts';
import { parseRepositories } from '../domain/registry-name.ts';
import { hostsWords, manifestName, manifestWords } from '../domain/registry-words.ts';
import { problemRows } from '../domain/rows.ts';
import { formatSize } from '../domain/size.ts';
import { formatAge } from '../domain/time.ts';
import { troubleWords } from '../domain/trouble.ts';
import { defineCommand } from './_define.ts';
import { readRegistry, registryOptions } from './_registry.ts';
import { perHost } from './_survey.ts';

/** More rows than anybody reads in a chat; the totals still count them. */
const MOST = 300;

export default defineCommand({
  kind: 'survey',
  summary: 'tags in a registry, who uses them, and what a prune with the same options would do',
  words: z.strictObject({ repository: z.string().max(300) }),
  options: z.strictObject(registryOptions),
  examples: ['registry tags main/team/app', 'registry tags main/team/* --keep 10 --until 90d'],
  survey({ words, options }) {
    const { registry, repositories } = parseRepositories(words.repository);
    return {
      ...{ where: registry, there: true, one: true },
      job: { kind: 'survey', selection: readRegistry(repositories, options) },
    };
  },
  show: (surveyed, _input, now) => ({
    lines: perHost(
      surveyed,
      (_host, body) => (body.kind === 'plan' ? planLines(body.plan, now) : null),
      'registry',
    ),
  }),
});

// --- internal ---

function planLines(plan: Plan, now: number): Markup[] {
  const rows = [
    ...plan.items.map((item) => row(item, now, say`${bold('would go')}, ${formatSize(item.reclaim)}`)),
    ...plan.kept.map((kept) => row(kept, now, say`stays: ${troubleWords(kept.reason, kept.manifest?.kind)}`)),
  ];
  const more =
    rows.length > MOST ? [say`and ${rows.length - MOST} more: narrow it, as with ${code('--tag v1*')}`] : [];
  return [
    say`${bold(plan.host)}: ${plural(rows.length, 'manifest')}, a prune would delete ${plan.items.length}`,
    ...problemRows(plan),
    ...rows.slice(0, MOST),
    ...more,
  ];
}

function row(subject: Item | Kept, now: number, fate: Markup): Markup {
  const parts = [
    manifestName(subject),
    ...manifestWords(subject),
    say`${formatSize(subject.size)}`,
    subject.createdAt > 0 ? say`${formatAge(now - subject.createdAt)} old` : say`no date`,
    ...hostsWords(subject),
    fate,
  ];
  return say`• ${join(parts, ' · ')}`;
}
