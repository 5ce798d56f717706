import type { Drift } from '../domain/drift.ts';
import { driftRows, unmatchedWords } from '../domain/drift-rows.ts';
import type { HostName } from '../domain/ids.ts';
import { bold, code, join, type Markup, plural, say } from '../domain/markup.ts';
import { isUncounted, type Outcome } from '../domain/outcome.ts';
import type { Collects, Plan } from '../domain/plan.ts';
import { workOf } from '../domain/plan-summary.ts';
import { collectWords, tagsGoing } from '../domain/registry-words.ts';
import { hasTurn } from '../domain/rollout.ts';
import {
  cacheOutcomeRows,
  cacheRows,
  containerRows,
  itemRow,
  keptRows,
  outcomeRow,
  problemRows,
  toldRow,
} from '../domain/rows.ts';
import { type HostPart, isFinal, type Run } from '../domain/run.ts';
import { isOfRegistry } from '../domain/selection.ts';
import { formatSize } from '../domain/size.ts';
import { formatDuration } from '../domain/time.ts';
import { troubleWords } from '../domain/trouble.ts';
import { didWords, freedWords, hasUntagged } from '../domain/words.ts';

interface Section {
  lines: Markup[];
  /** Rows that there would be more. */
  more: number;
  /** The lines themselves point to the thread. */
  cut?: boolean;
}

/** A host's lines on a card, of `rows` images at most. */
export function hostSection(
  run: Run,
  host: HostName,
  part: HostPart,
  plan: Plan | undefined,
  rows: number,
): Section {
  const there = thereOf(run);
  if (!part.plan || !plan) {
    const known = part.plan
      ? say`${workOf(part.plan)} planned, ${gain(run, part.plan)}; which ones Redis has lost`
      : say`planning…`;
    const state = part.trouble ? troubleWords(part.trouble, there) : known;
    const told = part.outcomes.toSorted((a, b) => rank(a) - rank(b)).slice(0, rows);
    return {
      lines: [say`${bold(host)} ${state}`, ...told.map((outcome) => toldRow(outcome, part.trouble))],
      more: part.outcomes.length - told.length,
    };
  }
  const { plan: sum } = part;
  if (part.drift) return driftSection(host, part.drift, there !== undefined, rows);
  if (run.executingSince !== undefined && part.stage === 'planned' && !hasTurn(run, host)) {
    const waiting = say`${bold(host)} ${workOf(sum)} to go, ${gain(run, sum)} · waits for its turn`;
    return { lines: [waiting], more: 0 };
  }
  const outcomes = new Map(part.outcomes.map((outcome) => [outcome.image, outcome]));
  const started = run.executingSince !== undefined;
  const staying = started ? [] : keptRows(plan.kept, mayForce(run));
  const forGoing = Math.max(rows - Math.min(staying.length, Math.floor(rows / 3)), 1);
  // What went wrong is read first.
  const items = started
    ? plan.items.toSorted((a, b) => rank(outcomes.get(a.image)) - rank(outcomes.get(b.image)))
    : plan.items;
  const going = tagsGoing(plan.items);
  const shownGoing = items
    .slice(0, forGoing)
    .map((item) =>
      started ? outcomeRow(item, outcomes.get(item.image), part.trouble) : itemRow(item, plan.takenAt, going),
    );
  const others = started ? [] : items.slice(0, forGoing).flatMap((item) => containerRows(item, plan.takenAt));
  const shownStaying = staying.slice(0, Math.max(0, rows - shownGoing.length));
  const counts = [countWords(run, part)];
  if (sum.kept > 0) counts.push(say`${sum.kept} ${started ? 'kept' : 'to stay'}`);
  const containers = started
    ? part.outcomes.reduce((n, outcome) => n + (outcome.containers?.length ?? 0), 0)
    : sum.containers;
  if (containers > 0)
    counts.push(say`${plural(containers, 'stopped container')} ${started ? '' : 'to be '}removed first`);
  if (sum.irrecoverable > 0)
    counts.push(
      // Another registry may have it, or another repository.
      isOfRegistry(run.selection)
        ? say`hosts have ${sum.irrecoverable} of them`
        : say`${sum.irrecoverable} can't be pulled again`,
    );
  return {
    lines: [
      say`${bold(host)} ${join(counts, ' · ')}${part.trouble ? say` · ${troubleWords(part.trouble, there)}` : ''}`,
      ...problemRows(plan),
      ...shownGoing,
      ...(started ? cacheOutcomeRows(plan, part.cache) : cacheRows(plan)),
      ...shownStaying,
      ...(plan.collects
        ? collected(plan, plan.collects, part, isFinal(run.state) && !run.dryRun)
        : measured(part, run.selection.kind === 'undo')),
    ],
    more: items.length + others.length + staying.length - shownGoing.length - shownStaying.length,
  };
}

/** All that goes and stays, for a thread. */
export function fullPlan(
  parts: [HostName, HostPart][],
  plans: ReadonlyMap<HostName, Plan>,
  run: Run,
): Markup[] {
  return parts.flatMap(([host, part]) => {
    const plan = plans.get(host);
    if (!plan) return [say`${bold(host)} ${part.trouble ? troubleWords(part.trouble, thereOf(run)) : ''}`];
    const going = tagsGoing(plan.items);
    return [
      say`${bold(host)} what goes and what stays`,
      ...problemRows(plan),
      ...plan.items.flatMap((item) => [
        itemRow(item, plan.takenAt, going),
        ...containerRows(item, plan.takenAt),
      ]),
      ...cacheRows(plan),
      ...keptRows(plan.kept, mayForce(run)),
    ];
  });
}

/** How everything ended, for a thread. */
export function fullOutcomes(
  parts: [HostName, HostPart][],
  plans: ReadonlyMap<HostName, Plan>,
  run: Run,
): Markup[] {
  return parts.flatMap(([host, part]) => {
    const outcomes = new Map(part.outcomes.map((outcome) => [outcome.image, outcome]));
    const plan = plans.get(host);
    const there = thereOf(run);
    const rows = [
      ...(part.drift ? driftRows(part.drift, there !== undefined) : []),
      ...(plan
        ? plan.items.map((item) => outcomeRow(item, outcomes.get(item.image), part.trouble))
        : part.outcomes.map((outcome) => toldRow(outcome, part.trouble))),
      ...(plan ? cacheOutcomeRows(plan, part.cache) : []),
    ];
    return rows.length > 0
      ? [
          say`${bold(host)} how it ended${part.trouble ? say`: ${troubleWords(part.trouble, there)}` : ''}`,
          ...rows,
        ]
      : [];
  });
}

// --- internal ---

/** Of a host where nothing was done since it had changed too much: the difference, instead of how each image ended. */
function driftSection(host: HostName, drift: Drift, there: boolean, rows: number): Section {
  const { unmatched, of, plan } = drift;
  const each = Math.max(1, Math.floor(rows / 2));
  const cut = Math.max(unmatched, plan?.added ?? 0) > each;
  const counts = say`${unmatchedWords(unmatched, of)} · nothing was deleted here`;
  return {
    lines: [say`${bold(host)} ${counts}`, ...driftRows(drift, there, each, cut ? ', in the thread' : '')],
    more: 0,
    cut,
  };
}

function countWords(run: Run, { plan, outcomes, cache }: HostPart): Markup {
  const work = workOf(plan);
  const undo = run.selection.kind === 'undo';
  if (work === 0) return undo ? say`nothing can come back` : say`nothing to go`;
  if (run.executingSince === undefined)
    return undo ? say`${work} to come back` : say`${work} to go, ${gain(run, plan)}`;
  const count = (...kinds: Outcome['outcome'][]) =>
    outcomes.filter(({ outcome }) => kinds.includes(outcome)).length;
  const deleted = count('deleted', 'untagged', 'restored') + (cache?.deleted ?? 0);
  const did = { items: work, untag: plan?.untag ?? 0, deleted, untagged: count('untagged') };
  if (hasUntagged(did)) return say`${didWords(did)}`;
  return say`${deleted} of ${work} ${undo ? 'back' : 'gone'}`;
}

const thereOf = ({ selection }: Run) => (isOfRegistry(selection) ? ('registry' as const) : undefined);

/** A registry frees nothing before it collects its garbage. */
const gain = ({ selection }: Run, plan: HostPart['plan']): string =>
  `${isOfRegistry(selection) ? 'up to' : 'frees'} ${formatSize(plan?.reclaim ?? 0)}`;

const mayForce = (run: Run): boolean => run.selection.kind === 'rmi' && !run.selection.force;

function rank(outcome: Outcome | undefined): number {
  return outcome && ['skipped', 'failed', 'unknown'].includes(outcome.outcome) ? 0 : 1;
}

/** What a registry still has to do; at the end of what really went. */
function collected(plan: Plan, collects: Collects, { outcomes }: HostPart, over: boolean): Markup[] {
  const deleted = new Set(outcomes.flatMap(({ image, outcome }) => (outcome === 'deleted' ? [image] : [])));
  const gone = over ? plan.items.filter(({ image }) => deleted.has(image)) : plan.items;
  const bytes = gone.reduce((sum, { reclaim }) => sum + reclaim, 0);
  return bytes > 0 ? [collectWords(collects, bytes)] : [];
}

/** What the disk itself says, beside the estimate and the engine's own account. */
function measured(part: HostPart, undo: boolean): Markup[] {
  if (!part.finished || !part.plan) return [];
  const { before, after, tookMs, raced } = part.finished;
  const freed = freedWords({
    freed: part.outcomes.reduce((n, outcome) => n + outcome.freed, part.cache?.freed ?? 0),
    uncounted: part.outcomes.filter(isUncounted).length,
  });
  const disk =
    before && after
      ? say`, free disk ${after.free >= before.free ? 'grew' : 'shrank'} by ${formatSize(Math.abs(after.free - before.free))} to ${formatSize(after.free)}`
      : say``;
  const took = tookMs < 1000 ? `${tookMs} ms` : formatDuration(tookMs);
  if (undo) return [say`took ${took}${disk}`];
  return [
    say`Freed ${freed} by the engine's account, planned ${formatSize(part.plan.reclaim)}${disk}; took ${took}`,
    ...(raced.length > 0
      ? [say`⚠ created in the instant of a deletion, and now without its image: ${join(raced.map(code))}`]
      : []),
  ];
}
