import { z } from 'zod';
import { UserId } from '../domain/ids.ts';
import { code, type Markup, plural, say } from '../domain/markup.ts';
import { cutoff } from '../domain/time.ts';
import { auditCsv } from './_audit-csv.ts';
import { defineCommand, flag, type HistoryFilter, MomentOption, valued, Where } from './_define.ts';
import { entryLine } from './_entry-line.ts';

const COUNT = 30;
const FILE = 'audit.csv';

const EntryNumber = z
  .string()
  // `#5` is a run everywhere.
  .regex(/^[1-9]\d{0,14}$/, 'an entry is a number such as 783, which a line of the history begins with')
  .transform(Number);

const UserOption = z.string().transform((text, context) => {
  const user = UserId.safeParse(text.replace(/^<@(.*)>$/, '$1'));
  if (user.success) return user.data;
  context.addIssue({
    code: 'custom',
    message: 'name a person as @name, chosen from the list that Slack shows',
  });
  return z.NEVER;
});

export default defineCommand({
  kind: 'answer',
  audience: 'channel',
  summary: 'the audit, newest first: who asked, who decided, what was deleted',
  about: [
    'A host matches all entries of every run that is about it, also those that name no host, such as decisions.',
    'A person matches single entries: those of what they asked for or decided themselves.',
    'Without --csv the newest 30 that match are shown; with it all that match are in the file.',
  ],
  words: z.strictObject({ where: Where.optional() }),
  options: z.strictObject({
    by: valued(UserOption, { value: '@user', about: 'only entries of what this person asked or decided' }),
    since: valued(MomentOption, { value: '7d', about: 'only newer entries' }),
    before: valued(EntryNumber, { value: '783', about: 'only entries before this one' }),
    csv: flag({ about: 'all that match, as a file for a spreadsheet' }),
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
    if (entries.length === 0) return { lines: [nothing(filter, older), ...more] };
    if (!options.csv)
      return {
        lines: [...entries.map(entryLine), ...more],
        notice: `the newest ${entries.length} audit entries`,
      };
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

function nothing(filter: Omit<HistoryFilter, 'count'>, older: number | undefined): Markup {
  if (older !== undefined) return say`No entry matches from ${older} on.`;
  return Object.keys(filter).length === 0 ? say`Nothing is in the audit yet.` : say`No entry matches.`;
}

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
