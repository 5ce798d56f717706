import { z } from 'zod';
import type { Entry } from '../domain/audit.ts';
import { UserId } from '../domain/ids.ts';
import { bold, code, join, type Markup, plural, say, some, time, user } from '../domain/markup.ts';
import { formatSize } from '../domain/size.ts';
import { cutoff } from '../domain/time.ts';
import { auditCsv } from './_audit-csv.ts';
import { defineCommand, flag, type HistoryFilter, MomentOption, valued, Where } from './_define.ts';

const COUNT = 30;
const FILE = 'audit.csv';

const EntryNumber = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, 'an entry is a number such as 783')
  .transform(Number);

const UserOption = z.string().transform((text, context) => {
  const user = UserId.safeParse(text.replace(/^<@(.*)>$/, '$1'));
  if (user.success) return user.data;
  context.addIssue({ code: 'custom', message: 'name a person as @name' });
  return z.NEVER;
});

export default defineCommand({
  kind: 'answer',
  audience: 'channel',
  summary: 'the audit, newest first: who asked, who decided, what was deleted',
  words: z.strictObject({ where: Where.optional() }),
  options: z.strictObject({
    by: valued(UserOption, { value: '@user', about: 'only what this person asked or decided' }),
    since: valued(MomentOption, { value: '7d', about: 'only newer entries' }),
    before: valued(EntryNumber, { value: '783', about: 'only entries before this one' }),
    csv: flag({ about: 'all of them as a file for a spreadsheet' }),
  }),
  examples: [
    'history',
    'history host-3 --since 7d',
    'history --by <@U0ANA>',
    'history --before 783',
    'history ci-* --csv',
  ],
  async answer({ words, options }, desk) {
    const filter: Omit<HistoryFilter, 'count'> = {
      ...(words.where !== undefined && { where: words.where }),
      ...(options.by !== undefined && { by: options.by }),
      ...(options.since && { since: cutoff(options.since, desk.now) }),
      ...(options.before !== undefined && { before: options.before }),
    };
    const { entries, older } = await desk.history({ ...filter, count: options.csv ? Infinity : COUNT });
    const more =
      older === undefined
        ? []
        : [
            say`older: ${code(`/dimg history${typed({ ...filter, before: older })}${options.csv ? ' --csv' : ''}`)}`,
          ];
    if (entries.length === 0)
      return {
        lines: [
          older === undefined ? say`The audit has no such entry.` : say`No such entry from ${older} on.`,
          ...more,
        ],
      };
    if (!options.csv)
      return { lines: [...entries.map(line), ...more], notice: `the newest ${entries.length} audit entries` };
    const counted = plural(entries.length, 'audit entry', 'audit entries');
    const cut = older === undefined ? '' : `: not all, since a look back ends before entry ${older}`;
    return {
      lines: [say`${counted} in ${code(FILE)}${cut}`, ...more],
      notice: `${counted} as a file`,
      file: { name: FILE, content: auditCsv(entries) },
    };
  },
});

// --- internal ---

/** The filter as somebody would type it. A duration has become the time that it meant, so that pages fit together. */
function typed({ where, by, since, before }: Omit<HistoryFilter, 'count'>): string {
  const parts = [
    where,
    by && `--by ${by}`,
    since !== undefined && `--since ${new Date(since).toISOString()}`,
    before && `--before ${before}`,
  ];
  return parts.map((part) => (part ? ` ${part}` : '')).join('');
}

function line(entry: Entry): Markup {
  return say`${bold(`${entry.n}`)} ${time(entry.at)} #${entry.run} ${what(entry)}`;
}

function what(entry: Entry): Markup {
  const by = entry.by === undefined ? say`` : say`${user(entry.by)} `;
  const bytes = formatSize(entry.bytes ?? 0);
  switch (entry.kind) {
    case 'requested':
      return say`${by}asked for ${code(entry.command ?? '')}`;
    case 'planned':
      return say`${entry.host ?? ''} planned: ${entry.items ?? 0} to go, ${bytes}, plan ${code((entry.plan ?? '').slice(7, 19))}`;
    case 'outcome': {
      const name = outcomeName(entry);
      const why = entry.reason === undefined ? '' : `: ${entry.reason}`;
      return say`${entry.host ?? ''} ${join([say`${entry.outcome ?? ''} ${name}`, ...(entry.bytes ? [say`freed ${bytes}`] : [])])}${why}`;
    }
    case 'ended':
      return say`ended ${entry.state ?? ''}: ${plural(entry.items ?? 0, 'image')}, ${bytes} freed`;
    case 'undone':
      return say`${by}undid it with #${entry.undo ?? ''}`;
    case 'again':
      return say`${by}asked for it again with #${entry.again ?? ''}`;
    case 'approved':
      return say`${by}approved${entry.rules ? ` (${entry.rules.join(', ')})` : ''}`;
    default:
      return say`${by}${entry.kind}${entry.reason === undefined ? '' : `: ${entry.reason}`}`;
  }
}

function outcomeName(entry: Entry): Markup {
  if (entry.container !== undefined) return say`container ${code(entry.container)}`;
  if (entry.cache !== undefined) return say`${plural(entry.cache, 'build cache record')}`;
  return entry.references?.length ? some(entry.references) : say`${code((entry.image ?? '').slice(7, 19))}`;
}
