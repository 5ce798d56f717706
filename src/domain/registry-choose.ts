import type { HostName, ImageId } from './ids.ts';
import { type Item, type Kept, type Plan, planDigest, type Reason, someNames } from './plan.ts';
import type { Manifest, RegistryInventory } from './registry.ts';
import { leaveAstray } from './registry-astray.ts';
import { hostsOf, madeAt, type RepositoryGraph, repositoryGraph, sizeOf } from './registry-graph.ts';
import { inOrder } from './registry-order.ts';
import { guardedThere, pickNamed, pickThere } from './registry-pick.ts';
import type { RegistrySelection } from './registry-selection.ts';
import { type Going, settleThere } from './registry-settle.ts';
import type { RulesThere } from './rules.ts';

/**
 * The plan for a registry: which manifests and tags go by `selection`, what stays, and why. Whatever tag stays can be pulled
 * afterwards as before, wherever the plan is broken off. `now` in milliseconds. Pure.
 */
export function chooseThere(
  registry: HostName,
  inventory: RegistryInventory,
  selection: RegistrySelection,
  rules: RulesThere,
  now: number,
): Plan {
  const graphs = inventory.repositories.map((repository) => repositoryGraph(repository, inventory));
  const { picked, problems } =
    selection.kind === 'registry rmi'
      ? pickNamed(graphs, selection, rules)
      : {
          picked: leaveAstray(
            new Map(graphs.map((graph) => [graph, pickThere(graph, selection, rules, now)])),
          ),
          problems: [],
        };
  const hosts = [...inventory.unheard];
  const named = selection.kind === 'registry rmi';
  // What a host may use must not go because nobody heard of it; what somebody names goes, and they are told.
  const blind = !named && hosts.length > 0;
  if (hosts.length > 0) problems.push({ kind: 'unheard', hosts, ...(named && { named }) });
  const nodes = new Map<ImageId, Node[]>();
  const kept: Kept[] = [];
  for (const [graph, there] of picked) {
    const settled = settleThere(graph, there, inventory.deletesTags, (digest) =>
      guardedThere(graph, digest, selection, rules),
    );
    const withheld = blind || inventory.closed?.has(graph.repository.name);
    for (const going of settled.going)
      if (withheld) kept.push(keptThere(graph, going.digest, { kind: 'withheld' }));
      else nodes.set(going.digest, [...(nodes.get(going.digest) ?? []), { graph, going }]);
    for (const [digest, reason] of settled.kept) kept.push(keptThere(graph, digest, reason));
  }
  const leave = ({ graph, going }: Node) => kept.push(keptThere(graph, going.digest, { kind: 'elsewhere' }));
  for (const [digest, all] of nodes) {
    // One item has one end.
    const whole = all.filter(({ going }) => going.action === 'delete');
    if (whole.length === 0 || whole.length === all.length) continue;
    for (const node of all) if (node.going.action === 'untag') leave(node);
    nodes.set(digest, whole);
  }
  const { order, stuck } = inOrder([...nodes.keys()], (digest) => afterOf(nodes.get(digest) ?? []));
  for (const digest of stuck) for (const node of nodes.get(digest) ?? []) leave(node);
  const weighed = weigh(
    graphs,
    order.map((digest) => nodes.get(digest) ?? []),
  );
  return {
    ...{ host: registry, takenAt: inventory.takenAt, items: weighed, cache: [], problems },
    kept: kept.sort((a, b) => ((a.references[0] ?? '') < (b.references[0] ?? '') ? -1 : 1)),
    reclaim: weighed.reduce((sum, { reclaim }) => sum + reclaim, 0),
    digest: planDigest(registry, weighed, []),
  };
}

// --- internal ---

/** A manifest in one of the repositories that it goes from. */
interface Node {
  graph: RepositoryGraph;
  going: Going;
}

const afterOf = (nodes: readonly Node[]): ImageId[] => [
  ...new Set(nodes.flatMap(({ going }) => going.after)),
];

function itemOf(nodes: readonly [Node, ...Node[]]): Item {
  const [{ going }] = nodes;
  const { digest, action } = going;
  const remove = nodes.flatMap((node) => {
    const { name } = node.graph.repository;
    const { tags } = node.going;
    return tags.length > 0 ? tags.map((tag) => `${name}:${tag}`) : [`${name}@${digest}`];
  });
  return {
    ...about(
      nodes.map((node) => node.graph),
      digest,
    ),
    ...{ references: nodes.flatMap((node) => node.graph.references(digest)), action, remove },
    ...{ containers: [], force: false, reclaim: 0 },
    after: afterOf(nodes),
  };
}

const keptThere = (graph: RepositoryGraph, digest: ImageId, reason: Reason): Kept => ({
  ...about([graph], digest),
  ...{ references: graph.references(digest), reason, reclaim: 0 },
});

/** `linux/amd64` and so on; attestations, which name no platform, are left out. */
const platformsOf = ({ children }: Manifest): string[] =>
  [...new Set(children.flatMap(({ platform }) => platform ?? []))].filter(
    (platform) => !platform.startsWith('unknown'),
  );

/** What is known of a manifest, in the first of the repositories where it matters which. */
function about(graphs: readonly RepositoryGraph[], image: ImageId) {
  const repository = graphs[0]?.repository;
  const manifest = repository?.manifests.get(image);
  const holders = graphs.flatMap((graph) => graph.holders(image));
  return {
    image,
    size: repository ? sizeOf(repository, image) : 0,
    createdAt: (repository && madeAt(repository, image)) ?? 0,
    usedAt: repository?.seenAt.get(image) ?? 0,
    usedBy: [],
    manifest: {
      kind: manifest?.kind ?? 'artifact',
      platforms: manifest ? platformsOf(manifest) : [],
      on: someNames(hostsOf(holders)),
      usedOn: someNames(hostsOf(holders, true)),
    },
  };
}

/** In the order of execution: a blob can be collected once the last manifest that has it is gone, in any repository read. */
function weigh(graphs: readonly RepositoryGraph[], items: readonly (readonly Node[])[]): Item[] {
  const held = new Map<ImageId, number>();
  const partsOf = (manifest: Manifest | undefined): [ImageId, number][] =>
    manifest
      ? [
          ...new Map(
            [...manifest.blobs, manifest].map(({ digest, size }): [ImageId, number] => [digest, size]),
          ),
        ]
      : [];
  for (const { repository } of graphs)
    for (const manifest of repository.manifests.values())
      for (const [part] of partsOf(manifest)) held.set(part, (held.get(part) ?? 0) + 1);
  return items.flatMap(([first, ...others]): Item[] => {
    if (!first) return [];
    const item = itemOf([first, ...others]);
    if (item.action !== 'delete') return [item];
    let reclaim = 0;
    for (const { graph, going } of [first, ...others])
      for (const [part, size] of partsOf(graph.repository.manifests.get(going.digest))) {
        const left = (held.get(part) ?? 0) - 1;
        held.set(part, left);
        if (left === 0) reclaim += size;
      }
    return [{ ...item, reclaim }];
  });
}
