import { matchesGlob } from './glob.ts';
import type { ImageId } from './ids.ts';
import { nearest } from './nearest.ts';
import { type Problem, type Reason, someNames } from './plan.ts';
import { hostsOf, lastMade, madeAt, type RepositoryGraph, wholeOf } from './registry-graph.ts';
import {
  meansTags,
  nameText,
  type RegistryPruneSelection,
  type RegistryRmiSelection,
  type RegistrySelection,
} from './registry-selection.ts';
import type { RulesThere } from './rules.ts';
import { labelOf } from './selection.ts';
import { cutoff } from './time.ts';

/** What a selection means in one repository, before what hangs together is looked at. */
export interface PickedThere {
  /** Tags that are to go, by the manifest that they are on; an empty list for a manifest that has none. */
  going: Map<ImageId, string[]>;
  /** Why the others stay. */
  kept: Map<ImageId, Reason>;
}

/** Any rule that keeps wins. `now` in milliseconds. */
export function pickThere(
  graph: RepositoryGraph,
  selection: RegistryPruneSelection,
  rules: RulesThere,
  now: number,
): PickedThere {
  const picked: PickedThere = { going: new Map(), kept: new Map() };
  const newest = newestIn(graph, selection.keep);
  for (const digest of graph.repository.manifests.keys()) {
    const names = graph.namesOn(digest);
    const notTag = notTagOf(graph, digest, selection);
    // What belongs to something else goes and stays with it, unless its own tag is to stay.
    if (names.length === 0 && graph.partOf(digest).length + graph.about(digest).length > 0) {
      if (notTag) picked.kept.set(digest, notTag);
      continue;
    }
    const whole =
      guardedThere(graph, digest, selection, rules) ??
      notTag ??
      tooNew(graph, digest, rules, now) ??
      notMeant(graph, digest, selection, now) ??
      (newest.has(digest)
        ? { kind: 'newest' as const, of: graph.repository.name, most: selection.keep ?? 0 }
        : undefined);
    if (whole) {
      picked.kept.set(digest, whole);
      continue;
    }
    const stays = names.map((tag) => tagStays(tag, selection));
    const [reason] = stays.filter((one) => one !== undefined);
    const going =
      names.length > 0 ? names.filter((_, i) => stays[i] === undefined) : [...graph.tagsOn(digest)];
    if (going.length === 0 && reason) picked.kept.set(digest, reason);
    else picked.going.set(digest, going);
  }
  return picked;
}

/** What was named goes, also what is used; only the agent's own rules keep it. */
export function pickNamed(
  graphs: readonly RepositoryGraph[],
  selection: RegistryRmiSelection,
  rules: RulesThere,
): { picked: Map<RepositoryGraph, PickedThere>; problems: Problem[] } {
  const picked = new Map(
    graphs.map((graph): [RepositoryGraph, PickedThere] => [graph, { going: new Map(), kept: new Map() }]),
  );
  const problems: Problem[] = [];
  for (const name of selection.names) {
    const graph = graphs.find(({ repository }) => repository.name === name.repository);
    const digest = 'digest' in name ? name.digest : graph?.repository.tags.get(name.tag);
    const there = graph && picked.get(graph);
    if (!there || !digest || !graph.repository.manifests.has(digest)) {
      const near = 'tag' in name && graph ? nearest(name.tag, [...graph.repository.tags.keys()]) : undefined;
      problems.push({
        ...{ kind: 'not-found', name: nameText(name) },
        ...(near !== undefined && { near: `${name.repository}:${near}` }),
      });
      continue;
    }
    const reason = guardedThere(graph, digest, selection, rules);
    if (reason) there.kept.set(digest, reason);
    else {
      const going = new Set([
        ...(there.going.get(digest) ?? []),
        ...('tag' in name ? [name.tag] : graph.tagsOn(digest)),
      ]);
      there.going.set(digest, [...going].sort());
    }
  }
  return { picked, problems };
}

/** Why it stays whatever else is meant: by the agent's own rules, and where nobody named it also what a host uses. */
export function guardedThere(
  graph: RepositoryGraph,
  digest: ImageId,
  { kind }: Pick<RegistrySelection, 'kind'>,
  rules: RulesThere,
): Reason | undefined {
  const hosts = kind === 'registry prune' ? hostsOf(graph.holders(digest), true) : [];
  return hosts.length > 0 ? { kind: 'on-hosts', ...someNames(hosts) } : protectedThere(graph, digest, rules);
}

// --- internal ---

function protectedThere(graph: RepositoryGraph, digest: ImageId, rules: RulesThere): Reason | undefined {
  const { name } = graph.repository;
  // An index has no labels of its own.
  const whole = wholeOf(graph.repository, digest);
  const called = [name, ...graph.references(digest)];
  const names = [
    ...called,
    ...(rules.prefixes ?? []).flatMap((prefix) => called.map((one) => `${prefix}/${one}`)),
  ];
  const by = rules.protect.find((rule) => {
    const label = labelOf(rule);
    if (label)
      return whole.some(
        ({ labels }) =>
          Object.hasOwn(labels, label.key) && [undefined, labels[label.key]].includes(label.value),
      );
    return names.some((one) => matchesGlob(rule, one));
  });
  return by === undefined ? undefined : { kind: 'protected', by };
}

/** The grace for what has just come: also for one that was built long ago and got its name a moment ago. */
function tooNew(graph: RepositoryGraph, digest: ImageId, rules: RulesThere, now: number): Reason | undefined {
  const { repository } = graph;
  const since = Math.max(lastMade(repository, digest) ?? 0, repository.seenAt.get(digest) ?? now);
  const age = Math.max(0, now - since);
  return age < rules.minAge ? { kind: 'min-age', age, least: rules.minAge } : undefined;
}

function notMeant(
  graph: RepositoryGraph,
  digest: ImageId,
  selection: RegistryPruneSelection,
  now: number,
): Reason | undefined {
  const isNamed = graph.namesOn(digest).length > 0;
  if (isNamed && !meansTags(selection)) return { kind: 'tagged' };
  if (!isNamed && !selection.untagged) return { kind: 'untagged' };
  const made = madeAt(graph.repository, digest);
  // What has no name is never one of the newest.
  if (made === null && (selection.until || (isNamed && selection.keep !== undefined)))
    return { kind: 'no-date' };
  if (selection.until && made !== null && made > cutoff(selection.until, now))
    return { kind: 'younger', age: Math.max(0, now - made) };
  return undefined;
}

/** A tag by which it says what it is about is kept as any other, and its manifest with it. */
function notTagOf(
  graph: RepositoryGraph,
  digest: ImageId,
  { notTags }: RegistryPruneSelection,
): Reason | undefined {
  const names = graph.namesOn(digest);
  const others = graph.tagsOn(digest).filter((tag) => !names.includes(tag));
  const by = notTags.find((glob) => others.some((tag) => matchesGlob(glob, tag)));
  return by === undefined ? undefined : { kind: 'not-tag', by };
}

function tagStays(tag: string, { tags, notTags }: RegistryPruneSelection): Reason | undefined {
  if (tag === 'latest') return { kind: 'latest' };
  const by = notTags.find((glob) => matchesGlob(glob, tag));
  if (by !== undefined) return { kind: 'not-tag', by };
  return tags.length > 0 && !tags.some((glob) => matchesGlob(glob, tag)) ? { kind: 'tag' } : undefined;
}

/** All that have a name count, whatever else keeps them, so that `--keep 3` leaves three to go back to. */
function newestIn(graph: RepositoryGraph, most: number | undefined): ReadonlySet<ImageId> {
  if (most === undefined) return new Set();
  const { repository } = graph;
  const dated = [...repository.manifests.keys()].flatMap((digest) => {
    const at = graph.namesOn(digest).length > 0 ? madeAt(repository, digest) : null;
    return at === null ? [] : [{ digest, at }];
  });
  dated.sort((a, b) => b.at - a.at || (a.digest < b.digest ? -1 : 1));
  return new Set(dated.slice(0, most).map(({ digest }) => digest));
}
