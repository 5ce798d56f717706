import type { Drift } from './drift.ts';
import { type Markup, say } from './markup.ts';
import { named } from './rows.ts';
import { formatSize } from './size.ts';
import { troubleWords } from './trouble.ts';
import { amount, reclaimWords } from './words.ts';

/**
 * The difference that made a plan stale: `– app:1 no longer goes: in use by web-1`, `+ app:9 would go now, 120 MB`, and
 * what a new plan would do. At most `rows` of each kind; `rest` says where the others are. `there`: in a registry.
 */
export function driftRows(
  { unmatched, changed, plan }: Drift,
  there: boolean,
  rows = Infinity,
  rest = '',
): Markup[] {
  const gone = changed.slice(0, rows);
  const fresh = plan?.fresh.slice(0, rows) ?? [];
  return [
    ...gone.map(
      (one) =>
        say`– ${named(one)} no longer goes${one.otherwise ? ' as it was shown' : ''}: ${troubleWords(one.why, there ? 'registry' : undefined)}`,
    ),
    ...more('–', unmatched - gone.length, `no longer match${rest}`),
    ...fresh.map((one) => freshRow(one, there)),
    ...more('+', (plan?.added ?? 0) - fresh.length, `would go now${rest}`),
    ...(plan ? [newPlan(plan, there)] : []),
  ];
}

/** `1 of 2 no longer matches`. */
export const unmatchedWords = (n: number, of: number): string =>
  `${n} of ${of} no longer ${n === 1 ? 'matches' : 'match'}`;

// --- internal ---

const more = (mark: string, n: number, words: string): Markup[] =>
  n > 0 ? [say`${mark} ${n} more ${words}`] : [];

function freshRow(one: NonNullable<Drift['plan']>['fresh'][number], there: boolean): Markup {
  if (one.action === 'untag') return say`+ ${named(one)} would be untagged now, 0 B`;
  // What it shares with images that stay, or that go after it, is not freed with it.
  if (there) return say`+ ${named(one)} would go now, up to ${formatSize(one.reclaim)}`;
  const bytes = one.reclaim < one.size ? `frees ${formatSize(one.reclaim)} of ` : '';
  return say`+ ${named(one)} would go now, ${bytes}${formatSize(one.size)}`;
}

function newPlan(plan: NonNullable<Drift['plan']>, there: boolean): Markup {
  const items = plan.items + plan.cache;
  const noun = there ? 'manifest' : 'image';
  return items === 0
    ? say`a new plan would delete nothing`
    : say`a new plan would delete ${amount({ ...plan, noun, items })}, ${reclaimWords({ ...plan, noun })}`;
}
