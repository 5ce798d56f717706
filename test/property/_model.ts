import type { Rules } from '../../src/domain/rules.ts';
import type { PruneSelection } from '../../src/domain/selection.ts';
import type { ContainerFact, Facts, ImageFact } from './_facts.ts';

/** What the agent remembers of an image, given to both sides. */
export type Memory = (id: string) => { arrivedAt: number; usedAt: number };

/**
 * What a prune is to take, in the words of the contract and as simply as can be: the largest set of images each of
 * which every rule means, none keeps, and all of whose children are in the set as well. Without a goal.
 */
export function mayGo(
  facts: Facts,
  selection: PruneSelection,
  rules: Rules,
  memory: Memory,
  now: number,
): Set<string> {
  const set = new Set(
    facts.images
      .filter((image) => ownReasons(facts, image, selection, rules, memory, now))
      .map(({ id }) => id),
  );
  for (let before = -1; before !== set.size; ) {
    before = set.size;
    for (const { id, parent } of facts.images) if (parent !== null && !set.has(id)) set.delete(parent);
  }
  return set;
}

/** Containers that go with the set. */
export function containersOf(facts: Facts, set: ReadonlySet<string>): string[] {
  return facts.containers.filter(({ image }) => set.has(image)).map(({ name }) => name);
}

/** When it was last used by itself or by what is built on it. */
export function usedAt(facts: Facts, id: string, memory: Memory): number {
  const own = facts.images.find((image) => image.id === id);
  const children = facts.images.filter(({ parent }) => parent === id);
  return Math.max(
    memory(id).usedAt,
    own?.tagged ?? 0,
    ...children.map((child) => usedAt(facts, child.id, memory)),
  );
}

// --- internal ---

function ownReasons(
  facts: Facts,
  image: ImageFact,
  selection: PruneSelection,
  rules: Rules,
  memory: Memory,
  now: number,
): boolean {
  const holders = facts.containers.filter((container) => container.image === image.id);
  if (!holders.every((container) => mayBeRemoved(container, selection, rules, now))) return false;
  if (rules.protect.some((rule) => isProtected(image, rule))) return false;
  if (now - Math.max(image.created, image.tagged, memory(image.id).arrivedAt) < rules.minAge) return false;
  // An untagged step between images follows what is built on it.
  const children = facts.images.filter(({ parent }) => parent === image.id);
  if (image.tags.length === 0 && image.digests.length === 0 && children.length > 0) return true;

  if (image.tags.length > 0 && !selection.all) return false;
  if (selection.until && image.created > moment(selection.until, now)) return false;
  const used = Math.max(memory(image.id).usedAt, image.tagged);
  if (selection.unusedSince && used > moment(selection.unusedSince, now)) return false;
  for (const { key, value, not } of selection.labels) {
    const has = key in image.labels && (value === undefined || image.labels[key] === value);
    // Several `label!=` keep an image only together, as in Docker.
    if (!not && !has) return false;
  }
  const negated = selection.labels.filter(({ not }) => not);
  const hasAll = negated.every(
    ({ key, value }) => key in image.labels && (value === undefined || image.labels[key] === value),
  );
  if (negated.length > 0 && hasAll) return false;
  const repositories = [...image.tags, ...image.digests].map(repository);
  const fits = (globs: readonly string[], name: string) => globs.some((glob) => matches(glob, name));
  if (selection.repos) {
    const globs = selection.repos;
    if (repositories.length === 0 || repositories.some((name) => !fits(globs, name))) return false;
  }
  if (repositories.some((name) => fits(selection.notRepos ?? [], name))) return false;
  if (selection.keep !== undefined && isAmongNewest(facts, image, selection.keep, memory)) return false;
  return true;
}

function mayBeRemoved(
  container: ContainerFact,
  selection: PruneSelection,
  rules: Rules,
  now: number,
): boolean {
  const least = selection.stoppedContainers;
  if (container.running || least === undefined || !rules.allow.stoppedContainers) return false;
  return now - container.ended >= Math.max(least, rules.minAge);
}

export function isProtected(image: ImageFact, rule: string): boolean {
  if (rule.startsWith('label=')) {
    const [, key = '', value] = rule.split('=');
    return key in image.labels && (value === undefined || image.labels[key] === value);
  }
  return [...image.tags, ...image.digests].some(
    (name) => matches(rule, name) || matches(rule, repository(name)),
  );
}

function isAmongNewest(facts: Facts, image: ImageFact, most: number, memory: Memory): boolean {
  const arrived = (one: ImageFact) => Math.max(one.created, one.tagged, memory(one.id).arrivedAt);
  const newer = (one: ImageFact) =>
    one.created - image.created || arrived(one) - arrived(image) || (one.id < image.id ? 1 : -1);
  return [...image.tags, ...image.digests].map(repository).some((name) => {
    const others = facts.images.filter(
      (one) => one !== image && [...one.tags, ...one.digests].map(repository).includes(name),
    );
    return others.filter((one) => newer(one) > 0).length < most;
  });
}

const moment = (given: { ago: number } | { at: number }, now: number) =>
  'at' in given ? given.at : now - given.ago;

export const repository = (name: string) =>
  name.includes('@') ? name.replace(/@.*$/, '') : name.replace(/:[^:/]*$/, '');

/** As a regular expression, for globs that the tests write themselves. */
function matches(glob: string, path: string): boolean {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const target = glob.includes('/') ? path : path.replace(/^.*\//, '');
  return new RegExp(`^${source}$`).test(target);
}
