import type { ImageId } from './ids.ts';
import type { Reason } from './plan.ts';
import type { RepositoryGraph } from './registry-graph.ts';
import type { PickedThere } from './registry-pick.ts';

/**
 * Signatures may be kept in a repository of their own. What is about something in another one stays with it; what is about
 * nothing that was read can't be judged, since only some repositories are: it stays as well.
 */
export function leaveAstray(picked: Map<RepositoryGraph, PickedThere>): Map<RepositoryGraph, PickedThere> {
  const graphs = [...picked.keys()];
  for (const [graph, { going, kept }] of picked)
    for (const digest of [...going.keys()]) {
      const subjects = graph.astray(digest);
      if (subjects.length === 0) continue;
      going.delete(digest);
      kept.set(digest, reasonOf(graphs, subjects));
    }
  return picked;
}

// --- internal ---

function reasonOf(graphs: readonly RepositoryGraph[], subjects: readonly ImageId[]): Reason {
  const of = graphs.flatMap((graph) =>
    subjects.flatMap((one) => (graph.repository.manifests.has(one) ? graph.references(one) : [])),
  );
  return of.length > 0 ? { kind: 'part-of', of } : { kind: 'astray' };
}
