import type { ImageId } from './ids.ts';
import type { Reason } from './plan.ts';
import { subjectOfTag } from './registry.ts';
import type { RepositoryGraph } from './registry-graph.ts';
import { inOrder } from './registry-order.ts';
import type { PickedThere } from './registry-pick.ts';

/** One manifest in one repository. */
export interface Going {
  digest: ImageId;
  /** `delete` it with all its tags, or only `untag` it: then only these go. */
  action: 'delete' | 'untag';
  tags: readonly string[];
  /** What must be gone before it. */
  after: readonly ImageId[];
}

/**
 * What really goes of what was picked: parts of an index that stays stay, and a manifest with a tag that stays loses others
 * only where the registry `deletesTags`; what belongs to nothing else goes along, unless it is `guarded`. In the order of execution: an index before
 * its parts, an image before what signs it, so that whatever is left when it is broken off is whole.
 */
export function settleThere(
  graph: RepositoryGraph,
  picked: PickedThere,
  deletesTags: boolean,
  guarded: (digest: ImageId) => Reason | undefined,
): { going: Going[]; kept: Map<ImageId, Reason> } {
  const kept = new Map(picked.kept);
  const untagged: Going[] = [];
  const whole = new Set<ImageId>();
  const leaveTags = (digest: ImageId, tags: readonly string[], why: Reason) => {
    if (tags.length > 0 && deletesTags) untagged.push({ digest, action: 'untag', tags, after: [] });
    else kept.set(digest, why);
  };
  for (const [digest, tags] of picked.going) {
    const rest = restOf(graph, digest, tags);
    if (rest.length === 0) whole.add(digest);
    else leaveTags(digest, tags, { kind: 'shared', tags: rest });
  }
  const all = withFollowers(graph, whole, (digest) => kept.has(digest) || guarded(digest) !== undefined);
  const named = [...all.keys()]
    .map((digest) => ({ digest, name: `${graph.namesOn(digest)[0] ?? ''} ${digest}` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ digest }) => digest);
  // What waits for something that stays is stuck, and stays with it.
  const { order, stuck } = inOrder(named, (digest) => all.get(digest) ?? []);
  for (const digest of stuck) {
    if (!whole.has(digest)) continue;
    const of = graph.partOf(digest).filter((index) => !order.includes(index));
    const names = of.flatMap((index) => graph.references(index));
    leaveTags(digest, picked.going.get(digest) ?? [], { kind: 'part-of', of: names });
  }
  return { going: [...order.map((one) => goingOf(graph, one, all)), ...untagged], kept };
}

// --- internal ---

type All = ReadonlyMap<ImageId, readonly ImageId[]>;

/**
 * Tags that would stay on it: names, and those by which its word is found about what stays. `sha256-….sig` may be about what
 * is in another repository; without an end such a tag is about what is here, by the standard.
 */
function restOf(graph: RepositoryGraph, digest: ImageId, tags: readonly string[]): string[] {
  const { manifests, lost } = graph.repository;
  const names = graph.namesOn(digest);
  const finds = (tag: string) => {
    const subject = subjectOfTag(tag);
    if (subject === null || subject === digest) return false;
    return manifests.has(subject) || (tag.includes('.') && !lost?.has(subject));
  };
  return graph
    .tagsOn(digest)
    .filter((tag) => !tags.includes(tag) && (names.length === 0 || names.includes(tag) || finds(tag)));
}

/** What goes, and what must be gone before each. */
function withFollowers(
  graph: RepositoryGraph,
  whole: ReadonlySet<ImageId>,
  stays: (digest: ImageId) => boolean,
): All {
  const all = new Map<ImageId, ImageId[]>([...whole].map((digest) => [digest, []]));
  for (let found = true; found; ) {
    found = false;
    for (const digest of graph.repository.manifests.keys()) {
      if (all.has(digest) || graph.namesOn(digest).length > 0) continue;
      const belongsTo = [...graph.partOf(digest), ...graph.about(digest), ...graph.astray(digest)];
      if (belongsTo.length === 0 || !belongsTo.every((one) => all.has(one)) || stays(digest)) continue;
      all.set(digest, belongsTo);
      found = true;
    }
  }
  for (const digest of whole) all.set(digest, [...graph.partOf(digest)]);
  return all;
}

const goingOf = (graph: RepositoryGraph, digest: ImageId, all: All): Going => ({
  ...{ digest, action: 'delete', tags: graph.tagsOn(digest) },
  after: all.get(digest) ?? [],
});
