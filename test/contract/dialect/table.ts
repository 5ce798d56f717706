import { RELEASES } from '../../../playground/parts/engine-release.ts';
import type { Entry, Kind, Value } from './_entry.ts';
import { TOPICS } from './index.ts';

const KINDS = Object.keys(RELEASES) as Kind[];

const START = `# Engines

dimg works with Docker engines from API 1.41 on, with both image stores. Engines differ. Each line of these tables is
a behaviour that was seen on a real engine of Debian, and tests hold each kind of engine to it. For one of them:
\`DIMG_ENGINE=26.1 npx vitest run test/contract\`. 28.5 stands here twice, as it has both stores. *The same* means the
same as one column to the left. Words in braces, such as \`{name}\`, stand for what the engine puts there.

## What differs by engine
`;

/** The part of docs/engines.md that the dialects give. */
export function differences(): string {
  const tables = Object.entries(TOPICS).map(
    ([topic, entries]) => `### ${topic}\n\n${table(Object.values(entries))}\n`,
  );
  return `${START}\n${tables.join('\n')}`;
}

// --- internal ---

function table(entries: readonly Entry[]): string {
  const head = ['Behaviour', ...KINDS.map((kind) => kind.replace('-containerd', ' containerd store'))];
  const rows = entries.map(({ about, values }) => [
    about,
    ...KINDS.map((kind, i) => cell(values[kind], i > 0 ? values[KINDS[i - 1] as Kind] : undefined)),
  ]);
  return [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map(escaped).join(' | ')} |`)
    .join('\n');
}

function cell(value: Value, before: Value | undefined): string {
  if (before !== undefined && JSON.stringify(value) === JSON.stringify(before)) return '*the same*';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return String(value);
  if (value !== null && 'says' in value) return `\`${value.status} ${value.says}\``;
  return `\`${JSON.stringify(value)}\``;
}

const escaped = (text: string) => text.trim().replaceAll('|', '\\|');
