import type { HostName, ImageId } from '../../src/domain/ids.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import { someNames } from '../../src/domain/plan.ts';
import type { Repository } from '../../src/domain/registry.ts';
import { hostsOf, type RepositoryGraph } from '../../src/domain/registry-graph.ts';
import { eachOf } from '../host/each.ts';
import { refused } from '../host/verify.ts';
import type { RegistryPlanner } from './planner.ts';

/** A list of tags that came so long ago is asked for again, in milliseconds. */
const FRESH_MS = 250;
const WIDTH = 8;

/** Whether there is no such digest, or it has gone since. */
type IsGone = (digest: ImageId | undefined) => boolean;

/** What has come since a whole look: tags that it did not know, and what is needed by what those are on. */
type Late = { tags: ReadonlyMap<string, ImageId>; needs: ReadonlyMap<ImageId, readonly string[]> };

/**
 * A look at what is new, for directly before a deletion: to read a large repository whole takes longer than that may be
 * old. `now` in milliseconds, by a clock that never jumps. Rejects with `RegistryTrouble`.
 */
export function openGlance(
  { registry }: Pick<RegistryPlanner, 'registry'>,
  now: () => number,
): (graph: RepositoryGraph, isGone: IsGone) => Promise<Late> {
  const glances = new WeakMap<RepositoryGraph, { until: number; seen: Promise<Late> }>();
  // Manifests never change.
  const parts = new Map<ImageId, readonly ImageId[]>();

  /** All that is pulled with it. */
  const partsOf = async (there: Repository, digest: ImageId): Promise<readonly ImageId[]> => {
    const known = parts.get(digest);
    if (known) return known;
    const manifest = there.manifests.get(digest) ?? (await registry.manifest(there.name, digest));
    const children = (manifest?.children ?? []).map((child) => child.digest);
    const deeper = await Promise.all(children.map((child) => partsOf(there, child)));
    const found = [...children, ...deeper.flat()];
    if (manifest) parts.set(digest, found);
    return found;
  };

  const glance = async ({ repository }: RepositoryGraph, isGone: IsGone): Promise<Late> => {
    const { name, tags: before } = repository;
    const tags = new Map<string, ImageId>();
    const needs = new Map<ImageId, string[]>();
    // One that has gone with its digest, and is there, was pushed again.
    const fresh = ((await registry.tags(name)) ?? []).filter((tag) => isGone(before.get(tag)));
    await eachOf(fresh, WIDTH, async (tag) => {
      const digest = await registry.resolve(name, tag);
      if (!digest) return;
      tags.set(tag, digest);
      for (const part of await partsOf(repository, digest))
        needs.set(part, [...(needs.get(part) ?? []), `${name}:${tag}`]);
    });
    return { tags, needs };
  };

  return (graph, isGone) => {
    const known = glances.get(graph);
    if (known && now() < known.until) return known.seen;
    const mine = { until: Number.POSITIVE_INFINITY, seen: glance(graph, isGone) };
    glances.set(graph, mine);
    mine.seen.then(
      () => {
        mine.until = now() + FRESH_MS;
      },
      () => glances.delete(graph),
    );
    return mine.seen;
  };
}

/** Why a manifest stays for what has come since. */
export function lateObjection(graph: RepositoryGraph, image: ImageId, { tags, needs }: Late): Trouble | null {
  const { name } = graph.repository;
  const names = [...tags].flatMap(([tag, digest]) => (digest === image ? [tag] : []));
  if (names.length > 0)
    return { kind: 'references', now: [...graph.tagsOn(image), ...names].map((tag) => `${name}:${tag}`) };
  const needed = needs.get(image) ?? [];
  return needed.length > 0 ? { kind: 'part-of', of: [...needed] } : null;
}

/** Why nobody can say that no host uses what is to go; `null` where that is known. */
export const unheardOf = (hosts: readonly HostName[]): Trouble | null =>
  hosts.length > 0
    ? refused(`which images ${hosts.join(', ')} ${hosts.length === 1 ? 'uses' : 'use'} is not known`)
    : null;

/** Why it stays for what a host has begun to use since; rejects where Redis does not say. */
export async function lateUse(
  graph: RepositoryGraph,
  image: ImageId,
  { queue }: Pick<RegistryPlanner, 'queue'>,
): Promise<Trouble | null> {
  const digests = new Set<ImageId>();
  const take = (digest: ImageId): void => {
    if (digests.has(digest)) return;
    digests.add(digest);
    const { blobs = [], children = [] } = graph.repository.manifests.get(digest) ?? {};
    // A graph driver calls an image by its configuration.
    if (blobs[0]) digests.add(blobs[0].digest);
    for (const child of children) take(child.digest);
  };
  take(image);
  const { holders, unheard } = await queue.holders([...digests]);
  const hosts = hostsOf([...holders.values()].flat(), true);
  return hosts.length > 0 ? { kind: 'on-hosts', ...someNames(hosts) } : unheardOf(unheard);
}
