import { randomUUID } from 'node:crypto';
import { matchesGlob } from '../../src/domain/glob.ts';
import type { HostName, ImageId } from '../../src/domain/ids.ts';
import type { Collects, Plan, Problem } from '../../src/domain/plan.ts';
import { planDigest } from '../../src/domain/plan.ts';
import type { RegistryInventory, Repository } from '../../src/domain/registry.ts';
import { chooseThere } from '../../src/domain/registry-choose.ts';
import type { RegistrySelection } from '../../src/domain/registry-selection.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { Queue } from '../host/ports.ts';
import type { Content } from './content.ts';
import type { Memory } from './memory.ts';
import type { Registry } from './ports.ts';

export type RegistryPlanner = {
  host: HostName;
  registry: Registry;
  content: Content;
  memory: Memory;
  queue: Pick<Queue, 'holders'>;
  rules: Rules;
  /** Globs of repositories that may be looked into and deleted from. */
  allowed: readonly string[];
  collects: Collects;
  now: () => number;
};

/** The selection applied to the registry as it is now. Rejects with `RegistryTrouble`. */
export async function makePlanThere(planner: RegistryPlanner, selection: RegistrySelection): Promise<Plan> {
  const { host, rules, now, collects } = planner;
  const { repositories, problems } = await readAll(planner, await namesOf(planner, selection));
  const fleet = await fleetOf(planner, repositories);
  const inventory: RegistryInventory = { takenAt: now(), repositories, deletesTags: false, ...fleet };
  let plan = chooseThere(host, inventory, selection, rules, now());
  const cut = plan.kept.find(({ reason }) => reason.kind === 'shared' || reason.kind === 'part-of');
  if (cut && (await deletesTags(planner, repositories)))
    plan = chooseThere(host, { ...inventory, deletesTags: true }, selection, rules, now());
  const off = plan.items.length > 0 ? await deletionProblem(planner, repositories) : null;
  if (off) plan = { ...plan, items: [], reclaim: 0, digest: planDigest(host, [], []) };
  return { ...plan, collects, problems: [...problems, ...plan.problems, ...(off ? [off] : [])] };
}

/** Those of these repositories that may be read, and why the others are left alone. */
export async function readAll(
  { content, memory, allowed }: Pick<RegistryPlanner, 'content' | 'memory' | 'allowed'>,
  names: readonly string[],
): Promise<{ repositories: Repository[]; problems: Problem[] }> {
  const repositories: Repository[] = [];
  const problems: Problem[] = [];
  for (const name of names) {
    if (!isAllowed(allowed, name)) {
      problems.push({ kind: 'registry', name, why: { kind: 'registry', what: 'not-listed' } });
      continue;
    }
    const read = await content.read(name);
    if (!read) problems.push({ kind: 'not-found', name });
    // What can't be read may be an index that needs any of the others.
    else if (read.unread) problems.push({ kind: 'registry', ...read.unread });
    else repositories.push(read.repository);
  }
  void memory.save();
  return { repositories, problems };
}

/** Who has any of what is in these repositories. */
export function fleetOf(
  { queue }: Pick<RegistryPlanner, 'queue'>,
  repositories: readonly Repository[],
): ReturnType<Queue['holders']> {
  const digests = new Set<ImageId>();
  for (const { manifests } of repositories)
    for (const { digest, blobs } of manifests.values()) {
      digests.add(digest);
      // A graph driver calls an image by its configuration.
      if (blobs[0]) digests.add(blobs[0].digest);
    }
  return queue.holders([...digests]);
}

export const isAllowed = (allowed: readonly string[], name: string): boolean =>
  allowed.some((glob) => matchesGlob(glob, name));

// --- internal ---

async function namesOf(
  { registry, allowed, memory }: RegistryPlanner,
  selection: RegistrySelection,
): Promise<string[]> {
  if (selection.kind === 'registry rmi')
    return [...new Set(selection.names.map(({ repository }) => repository))].sort();
  const glob = selection.repositories;
  if (!/[*?]/.test(glob)) return [glob];
  const listed = (await registry.repositories()) ?? [
    ...allowed.filter((name) => !/[*?]/.test(name)),
    ...memory.repositories(),
  ];
  // Others are none of its business, and are not spoken of.
  const meant = listed.filter((name) => matchesGlob(glob, name) && isAllowed(allowed, name));
  return [...new Set(meant)].sort();
}

/** Asked about a tag that nobody can have pushed. */
async function deletesTags({ registry }: RegistryPlanner, [first]: readonly Repository[]): Promise<boolean> {
  if (!first) return false;
  return (await registry.removeTag(first.name, `dimg-asks-${randomUUID()}`)).kind === 'absent';
}

/** Why nothing can be deleted: asked about a manifest that nobody can have. */
async function deletionProblem(
  { registry }: RegistryPlanner,
  [first]: readonly Repository[],
): Promise<Problem | null> {
  if (!first) return null;
  const nothing = `sha256:${randomUUID().replaceAll('-', '').repeat(2)}` as ImageId;
  const answer = await registry.removeManifest(first.name, nothing);
  return answer.kind === 'trouble' ? { kind: 'registry', why: answer.problem } : null;
}
