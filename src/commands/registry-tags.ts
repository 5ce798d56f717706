import { z } from 'zod';
import type { ImageId } from '../domain/ids.ts';
import { bold, code, join, type Markup, plural, say } from '../domain/markup.ts';
import type { Item, Kept, Plan } from '../domain/plan.ts';
import { parseRepositories } from '../domain/registry-name.ts';
import { hostsWords, manifestName, manifestWords, ownerWords, tagsGoing } from '../domain/registry-words.ts';
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
  const going = tagsGoing(plan.items);
  const rows = [
    ...plan.items.map((item) => row(item, now, hostsWords(item), goes(item, going))),
    ...plan.kept.map((kept) => {
      // What it stays for is not said twice; hosts that only have it would be lost.
      const { on, usedOn, kind } = kept.manifest ?? {};
      const isSaid = kept.reason.kind === 'on-hosts' && on?.count === usedOn?.count;
      const hosts = isSaid ? [] : hostsWords(kept);
      return row(kept, now, hosts, say`stays: ${troubleWords(kept.reason, kind)}`);
    }),
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

function goes(item: Item, going: ReadonlyMap<ImageId, string>): Markup {
  return join([join([bold('would go'), ...ownerWords(item, going)], ' '), formatSize(item.reclaim)]);
}

function row(subject: Item | Kept, now: number, hosts: readonly Markup[], fate: Markup): Markup {
  const parts = [
    manifestName(subject),
    ...manifestWords(subject),
    say`${formatSize(subject.size)}`,
    subject.createdAt > 0 ? say`${formatAge(now - subject.createdAt)} old` : say`no date`,
    ...hosts,
    fate,
  ];
  return say`• ${join(parts, ' · ')}`;
}
