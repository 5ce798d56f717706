import { type ImageId, shortId } from './ids.ts';
import { code, join, type Markup, plural, say, some } from './markup.ts';
import { type CacheOutcome, isUncounted, type Outcome, type Trouble } from './outcome.ts';
import type { Item, Kept, Plan } from './plan.ts';
import { manifestName, manifestRow, shortReference } from './registry-words.ts';
import { formatSize } from './size.ts';
import { formatAge } from './time.ts';
import { problemWords, troubleWords, users } from './trouble.ts';

/** Containers of an item in its own row; the others have rows of their own. */
const IN_ROW = 3;

/** What goes: `• app:1, app:2 3f2a… frees 20 MB of 120 MB`. `going`: of a registry, the names of all that does. */
export function itemRow(item: Item, now: number, going?: ReadonlyMap<ImageId, string>): Markup {
  if (item.action === 'restore') return restoreRow(item);
  if (item.manifest) return manifestRow(item, going);
  // What it shares with images that stay, or that go after it, is not freed with it.
  const shared = item.reclaim < item.size ? ` of ${formatSize(item.size)}` : '';
  const parts = [say`${named(item)} frees ${formatSize(item.reclaim)}${shared}`];
  if (item.action === 'untag') {
    const left = item.references.filter((reference) => !item.remove.includes(reference));
    parts[0] = say`${some(item.remove)} untag only, frees 0 B`;
    parts.push(runsOn(item) ?? say`the image stays as ${some(left)}`);
  } else if (item.force) parts.push(say`forced under ${users(item.usedBy)}`);
  parts.push(...item.containers.slice(0, IN_ROW).map((container) => removal(container, now)));
  const others = item.containers.length - IN_ROW;
  if (others > 0) parts.push(say`and ${plural(others, 'more container')}`);
  if (item.project !== undefined)
    parts.push(say`of the Compose project ${code(item.project)}, which is down`);
  if (item.action === 'delete' && item.recoverable === undefined) parts.push(say`can't be pulled again`);
  return say`• ${join(parts, ', ')}`;
}

/** The containers that its own row has no room for: a row each, since every one is named. */
export function containerRows(item: Item, now: number): Markup[] {
  return item.containers.slice(IN_ROW).map((container) => say`• ${named(item)} ${removal(container, now)}`);
}

/** The build cache in one row, since its records mean nothing to people. */
export function cacheRows(plan: Plan): Markup[] {
  if (plan.cache.length === 0) return [];
  const bytes = plan.cache.reduce((sum, { reclaim }) => sum + reclaim, 0);
  const { length } = plan.cache;
  return [
    say`• ${plural(length, 'build cache record')} ${length === 1 ? 'frees' : 'free'} ${formatSize(bytes)}`,
  ];
}

export function cacheOutcomeRows(plan: Plan, outcome: CacheOutcome | undefined): Markup[] {
  const records = plural(plan.cache.length, 'build cache record');
  if (plan.cache.length === 0) return [];
  if (!outcome) return [say`… ${records}`];
  const { deleted, skipped, failed, unknown = 0, freed, why } = outcome;
  const mark = failed > 0 ? '✗' : unknown > 0 ? '?' : skipped > 0 ? '–' : '✓';
  const parts = [say`${deleted} of ${records} deleted, ${formatSize(freed)}`];
  if (skipped > 0) parts.push(why ? say`${skipped} skipped` : say`${skipped} used since the plan, or gone`);
  if (failed > 0) parts.push(say`${failed} failed`);
  if (unknown > 0) parts.push(say`${unknown} unknown`);
  return [say`${mark} ${join(parts, '; ')}${why ? say`: ${troubleWords(why)}` : ''}`];
}

/**
 * What stays, and why: a row each, but tagged images that a plain prune never means share one, at the end.
 * `forced` is the way past a stopped container.
 */
export function keptRows(kept: readonly Kept[], forced: boolean): Markup[] {
  const tagged = kept.filter(({ reason }) => reason.kind === 'tagged');
  const names = tagged.map((one) => one.references[0] ?? shortId(one.image));
  return [
    ...kept.filter(({ reason }) => reason.kind !== 'tagged').map((one) => keptRow(one, forced)),
    ...(tagged.length > 0
      ? [
          say`◦ ${some(names, 12)} ${tagged.length === 1 ? 'stays' : 'stay'}: tagged (${tagged[0]?.manifest ? say`${code('--keep')}, ${code('--until')} or ${code('--tag')} means those with a tag` : say`${code('-a')} takes those that nothing uses`})`,
        ]
      : []),
  ];
}

/** How an item ended: `✓ app:1 deleted, 120 MB`. `said` is what the host's own line tells already. */
export function outcomeRow(item: Item, outcome: Outcome | undefined, said?: Trouble): Markup {
  const name = item.action === 'untag' ? say`${some(item.remove)}` : named(item);
  if (!outcome) return say`… ${name}`;
  const { containers = [], removed } = outcome;
  const which = containers.length === 1 ? 'container' : 'containers';
  switch (outcome.outcome) {
    case 'deleted': {
      const parts = [
        item.manifest
          ? say`${name} deleted`
          : say`${name} deleted, ${isUncounted(outcome) ? 'what that freed is not known' : formatSize(outcome.freed)}`,
      ];
      if (containers.length > 0) parts.push(say`with the ${which} ${some(containers)}`);
      if (item.recoverable === undefined && !item.manifest) parts.push(say`can't be pulled again`);
      return say`✓ ${join(parts)}`;
    }
    case 'restored':
      return say`✓ ${name} is back`;
    case 'untagged': {
      const on = runsOn(item);
      return say`✓ ${name} untagged, 0 B${on ? say`, ${on}` : ''}`;
    }
    case 'absent':
      return say`✓ ${name} was gone already`;
    default: {
      const mark = outcome.outcome === 'skipped' ? '–' : outcome.outcome === 'failed' ? '✗' : '?';
      const why =
        outcome.why && outcome.why.kind !== said?.kind
          ? say`: ${troubleWords(outcome.why, item.manifest?.kind)}`
          : say``;
      const gone = containers.length > 0 ? say`; the ${which} ${some(containers)} had been removed` : say``;
      // Of an undo they are those that are back.
      const done = item.action === 'restore' ? 'had come back' : 'had gone';
      const names = removed.length > 0 ? say`; ${some(removed.map(shortReference))} ${done}` : say``;
      return say`${mark} ${name} ${outcome.outcome}${why}${gone}${names}`;
    }
  }
}

/** The same where nobody has the plan any more: all that is known of the item is what was told. */
export function toldRow(outcome: Outcome, said?: Trouble): Markup {
  const { image, removed, outcome: kind } = outcome;
  return outcomeRow(
    {
      ...{ image, references: removed, remove: removed, action: kind === 'untagged' ? 'untag' : 'delete' },
      ...{ size: 0, createdAt: 0, usedAt: 0, containers: [], force: false, reclaim: 0, usedBy: [] },
      // Whether it can be pulled again is not known either.
      recoverable: '',
    },
    // They are its name here, and of an undo they would be what came back.
    { ...outcome, removed: [] },
    said,
  );
}

export function problemRows(plan: Plan): Markup[] {
  return plan.problems.map((problem) => say`⚠ ${problemWords(problem)}`);
}

/** Its references and its short ID. */
export function named(subject: Pick<Item | Kept, 'image' | 'references' | 'manifest'>): Markup {
  if (subject.manifest) return manifestName(subject);
  return subject.references.length > 0
    ? say`${some(subject.references)} ${code(shortId(subject.image))}`
    : say`${code('<none>:<none>')} ${code(shortId(subject.image))}`;
}

// --- internal ---

/** What runs on under an image that loses its names all the same. */
function runsOn(item: Item): Markup | null {
  const running = item.usedBy.filter((use) => use.running).map((use) => use.container);
  if (!item.force || running.length === 0) return null;
  return say`${some(running)} ${running.length === 1 ? 'keeps' : 'keep'} running`;
}

/** What an undo does: `• app:1 3f2a… is pulled again, 120 MB`. */
function restoreRow(item: Item): Markup {
  return item.recoverable === undefined
    ? say`• ${named(item)} gets its name back`
    : say`• ${named(item)} is pulled again where it is gone, ${formatSize(item.size)}`;
}

function removal({ name, stoppedAt }: Item['containers'][number], now: number): Markup {
  return say`first removes the container ${code(name)}, stopped ${formatAge(now - stoppedAt)} ago`;
}

function keptRow(kept: Kept, forced: boolean): Markup {
  const stopped = kept.reason.kind === 'in-use' && !kept.reason.by.some((use) => use.running);
  const hint = stopped && forced ? say` (remove the container first, or force with ${code('-f')})` : say``;
  return say`◦ ${named(kept)} stays: ${troubleWords(kept.reason, kept.manifest?.kind)}${hint}`;
}
