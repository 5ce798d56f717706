import { matchesGlob } from './glob.ts';
import { type Graph, usesOf } from './graph.ts';
import type { Container, Image } from './inventory.ts';
import { newestOf } from './newest.ts';
import type { Reason } from './plan.ts';
import type { Rules } from './rules.ts';
import { labelsMatch, type PruneSelection } from './selection.ts';
import { removable } from './stopped.ts';
import { guardedByHost, isIntermediate, item, type Picked, references, repositories } from './subject.ts';
import { cutoff } from './time.ts';

/** Picks what `docker image prune` means by the same options and ours by theirs, save what the host's rules keep. */
export function pickPrune(world: Graph, selection: PruneSelection, rules: Rules, now: number): Picked {
  const picked: Picked = { going: new Map(), kept: new Map(), problems: [] };
  const newest = selection.keep === undefined ? new Map() : newestOf(world, selection.keep);
  for (const image of world.images.values()) {
    const held = world.holders.get(image.id) ?? [];
    const first = removable(held, selection, rules, now);
    const reason: Reason | undefined =
      (first ? undefined : { kind: 'in-use', by: usesOf(world, image.id, now) }) ??
      guardedByHost(world, image, rules) ??
      tooYoung(image, rules, now) ??
      reasonNotMeant(world, image, selection, now) ??
      (newest.has(image.id) && !isIntermediate(world, image)
        ? { kind: 'newest', of: newest.get(image.id) ?? '', most: selection.keep ?? 0 }
        : undefined);
    if (!reason)
      picked.going.set(image.id, {
        ...item(world, image, references(image), now),
        containers: (first ?? []).map(stopped),
      });
    // Intermediate images are not shown by Docker either, unless they go.
    else if (!isIntermediate(world, image)) picked.kept.set(image.id, reason);
  }
  if (selection.stoppedContainers !== undefined && !rules.allow.stoppedContainers)
    picked.problems.push({ kind: 'not-allowed', what: 'stopped-containers' });
  return picked;
}

// --- internal ---

/** The host's own grace for what has just come. */
function tooYoung(image: Image, rules: Rules, now: number): Reason | undefined {
  // A date in the future, as a wrong clock gives, is no age below zero: `min-age: 0s` keeps nothing.
  const age = Math.max(0, now - Math.max(image.createdAt, image.arrivedAt));
  return age < rules.minAge ? { kind: 'min-age', age, least: rules.minAge } : undefined;
}

/** Why the selection does not mean this image. An untagged parent follows its children, as in Docker. */
function reasonNotMeant(
  world: Graph,
  image: Image,
  selection: PruneSelection,
  now: number,
): Reason | undefined {
  if (isIntermediate(world, image)) return undefined;
  const { until, unusedSince, labels, repos, notRepos = [] } = selection;
  if (!selection.all && image.tags.length > 0) return { kind: 'tagged' };
  if (until && image.createdAt > cutoff(until, now))
    return { kind: 'younger', age: Math.max(0, now - image.createdAt) };
  if (unusedSince && image.usedAt > cutoff(unusedSince, now))
    return { kind: 'used', age: Math.max(0, now - image.usedAt) };
  if (!labelsMatch(labels, image.labels)) return { kind: 'label' };
  const named = [...repositories(image)];
  // All of them must match: deleting the image takes its names in the others away as well.
  if (repos && (named.length === 0 || !named.every((name) => repos.some((glob) => matchesGlob(glob, name)))))
    return { kind: 'repo' };
  const by = notRepos.find((glob) => named.some((name) => matchesGlob(glob, name)));
  return by === undefined ? undefined : { kind: 'not-repo', by };
}

const stopped = ({ id, name, stoppedAt }: Container) => ({ id, name, stoppedAt: stoppedAt ?? 0 });
