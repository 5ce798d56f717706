import { availableParallelism, loadavg } from 'node:os';

export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2;
}

/** A Markdown table: the first column to the left, figures to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((name, i) => Math.max(3, name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(width[i] ?? 0) : cell.padStart(width[i] ?? 0))).join(' | ')} |`;
  const rule = width.map((n, i) => (i === 0 ? '-'.repeat(n) : `${'-'.repeat(n - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** What the machine was at, for whoever reads the figures. */
export const circumstances = (): string =>
  `${availableParallelism()} processors, load ${loadavg()
    .slice(0, 2)
    .map((n) => n.toFixed(1))
    .join(' and ')} over the last 1 and 5 minutes`;
