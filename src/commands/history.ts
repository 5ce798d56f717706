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
  .regex(/^#?[1-9]\d{0,14}$/, 'an entry is a number such as 783')
  .transform((text) => Number(text.replace('#', '')));

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
      return say`${entry.host ?? ''} planned: ${entry.items ?? 0} to go, ${bytes}${planName(entry, ', plan ')}`;
    case 'outcome': {
      const name = outcomeName(entry);
      const why = entry.reason === undefined ? '' : `: ${entry.reason}`;
      return say`${entry.host ?? ''} ${join([say`${entry.outcome ?? ''} ${name}`, ...(entry.bytes ? [say`freed ${bytes}`] : [])])}${why}`;
    }
    case 'ended':
      return say`ended ${entry.state ?? ''}: ${endWords(entry)}`;
    case 'undone':
      return say`${by}undid it with #${entry.undo ?? ''}`;
    case 'again':
      return say`${by}asked for it again with #${entry.again ?? ''}`;
    case 'approved':
      return say`${by}approved${planName(entry, ' plan ')}${entry.rules ? ` (${entry.rules.join(', ')})` : ''}`;
    default:
      return say`${by}${entry.kind}${planName(entry, ' plan ')}${entry.reason === undefined ? '' : `: ${entry.reason}`}`;
  }
}

const digits = (digest: string): string => digest.slice('sha256:'.length, 'sha256:'.length + 12);

function planName({ plan }: Entry, before: string): Markup {
  return plan === undefined ? say`` : say`${before}${code(digits(plan))}`;
}

function outcomeName(entry: Entry): Markup {
  if (entry.container !== undefined) return say`container ${code(entry.container)}`;
  if (entry.cache !== undefined) return say`${plural(entry.cache, 'build cache record')}`;
  const image = code(digits(entry.image ?? ''));
  return entry.references?.length ? say`${some(entry.references)} (${image})` : say`${image}`;
}

/** `2 images, 1 reference untagged, 30 kB freed`. Entries from before `deleted` was noted count all as images. */
function endWords(entry: Entry): string {
  const {
    reason,
    dryRun,
    items = 0,
    deleted = items,
    untagged = 0,
    restored = 0,
    cache = 0,
    bytes = 0,
  } = entry;
  if (dryRun) return reason === undefined ? 'dry run' : `dry run, ${reason}`;
  if (reason !== undefined) return reason;
  const parts = [
    ...(untagged > 0 ? [`${plural(untagged, 'reference')} untagged`] : []),
    ...(restored > 0 ? [`${restored.toLocaleString('en-US')} restored`] : []),
    ...(cache > 0 ? [plural(cache, 'build cache record')] : []),
  ];
  if (deleted > 0 || parts.length === 0) parts.unshift(plural(deleted, 'image'));
  if (restored === 0 || bytes > 0) parts.push(`${formatSize(bytes)} freed`);
  return parts.join(', ');
}
