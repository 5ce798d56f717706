import type { Entry } from '../domain/audit.ts';
import { csv } from '../domain/csv.ts';

/** Every field of an entry, those that tell most first. */
const COLUMNS = [
  ...(['n', 'at', 'run', 'kind', 'by', 'channel', 'command', 'host', 'plan', 'rules'] as const),
  ...(['image', 'references', 'container', 'outcome', 'bytes', 'items'] as const),
  ...(['deleted', 'untagged', 'restored', 'cache', 'dryRun'] as const),
  ...(['undo', 'again', 'state', 'reason', 'from', 'vouched', 'prev', 'hash'] as const),
] satisfies (keyof Entry)[];

/** Entries as a table with a header; times in ISO 8601, UTC. */
export function auditCsv(entries: readonly Entry[]): string {
  return csv([COLUMNS, ...entries.map((entry) => COLUMNS.map((column) => cellOf(entry, column)))]);
}

// --- internal ---

function cellOf(entry: Entry, column: (typeof COLUMNS)[number]): string | number | undefined {
  if (column === 'at') return new Date(entry.at).toISOString();
  const value = entry[column];
  if (value === true) return 'true';
  return Array.isArray(value) ? value.join(' ') : value;
}
