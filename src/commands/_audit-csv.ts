import type { Entry } from '../domain/audit.ts';
import { csv } from '../domain/csv.ts';

const COLUMNS = [
  ...[
    'n',
    'at',
    'run',
    'kind',
    'by',
    'channel',
    'command',
    'host',
    'plan',
    'image',
    'references',
    'container',
  ],
  ...['outcome', 'bytes', 'items', 'cache', 'undo', 'state', 'reason', 'prev', 'hash'],
] as const satisfies readonly (keyof Entry)[];

/** Entries as a table with a header; times in ISO 8601, UTC. */
export function auditCsv(entries: readonly Entry[]): string {
  return csv([COLUMNS, ...entries.map((entry) => COLUMNS.map((column) => cellOf(entry, column)))]);
}

// --- internal ---

function cellOf(entry: Entry, column: (typeof COLUMNS)[number]): string | number | undefined {
  if (column === 'at') return new Date(entry.at).toISOString();
  if (column === 'references') return entry.references?.join(' ');
  return entry[column];
}
