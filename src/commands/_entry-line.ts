import type { Entry } from '../domain/audit.ts';
import { bold, code, join, type Markup, plural, say, some, time, user } from '../domain/markup.ts';
import { reasonWords } from '../domain/reason.ts';
import { shortReference } from '../domain/registry-words.ts';
import { formatSize } from '../domain/size.ts';

/** An entry of the audit in one line: its number, when, which run, what. */
export function entryLine(entry: Entry): Markup {
  return say`${bold(`${entry.n}`)} ${time(entry.at)} #${entry.run} ${what(entry)}`;
}

// --- internal ---

function what(entry: Entry): Markup {
  const by = entry.by === undefined ? say`` : say`${user(entry.by)} `;
  const bytes = formatSize(entry.bytes ?? 0);
  switch (entry.kind) {
    case 'requested':
      return say`${by}asked for ${code(entry.command ?? '')}`;
    case 'planned':
      return say`${entry.host ?? ''} planned: ${entry.items ?? 0} ${entry.restored === undefined ? 'to go' : 'to come back'}, ${bytes}${planName(entry, ', plan ')}`;
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
    case 'lost':
      return say`was the newest run when Redis had lost entries ${entry.from ?? ''} to ${entry.n - 1}${entry.vouched ? say`: ${some(entry.vouched)} saw the last` : ''}`;
    case 'recalled':
      return say`put back as ${entry.state ?? ''}${entry.reason === undefined ? '' : say`: ${entry.reason}`}`;
    default:
      return say`${by}${entry.kind}${planName(entry, ' plan ')}${entry.reason === undefined ? '' : say`: ${reasonWords(entry.reason)}`}`;
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
  return entry.references?.length
    ? say`${some(entry.references.map(shortReference))} (${image})`
    : say`${image}`;
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
