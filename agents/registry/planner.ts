import { matchesGlob } from '../../src/domain/glob.ts';
import type { HostName, ImageId } from '../../src/domain/ids.ts';
import type { Collects, Plan, Problem } from '../../src/domain/plan.ts';
import type { RegistryInventory, RegistryProblem, Repository } from '../../src/domain/registry.ts';
import { chooseThere } from '../../src/domain/registry-choose.ts';
import type { RegistrySelection } from '../../src/domain/registry-selection.ts';
import type { RulesThere } from '../../src/domain/rules.ts';
import type { Content } from './content.ts';
import type { Memory } from './memory.ts';
import { type Registry, RegistryTrouble } from './ports.ts';
import { closedOf, deletesTags, isOfNow, isOfOne } from './probes.ts';
import type { Roster } from './roster.ts';

export type RegistryPlanner = {
  host: HostName;
  registry: Registry;
  content: Content;
  memory: Memory;
  queue: Pick<Roster, 'holders' | 'usedIn'>;
  rules: RulesThere & Required<Pick<RulesThere, 'prefixes'>>;
  /** Globs of repositories that may be looked into and deleted from. */
  allowed: readonly string[];
  collects: Collects;
  now: () => number;
};

/** The selection applied to the registry as it is now. Rejects with `RegistryTrouble`. */
export async function makePlanThere(planner: RegistryPlanner, selection: RegistrySelection): Promise<Plan> {
  const { host, rules, now, collects } = planner;
  const names = await namesOf(planner, selection);
  const used = await planner.queue.usedIn(names.filter((name) => isAllowed(planner.allowed, name)));
  const { repositories, problems } = await readAll(planner, names, used);
  const fleet = await fleetOf(planner, repositories);
  const inventory: RegistryInventory = { takenAt: now(), repositories, deletesTags: false, ...fleet };
  const meant = sayingEachOnce(selection, problems);
  const chosen = (more: Partial<RegistryInventory> = {}) =>
    chooseThere(host, { ...inventory, ...more }, meant.selection, rules, now());
  let plan = chosen();
  const cut = plan.kept.some(({ reason }) => reason.kind === 'shared' || reason.kind === 'part-of');
  const tags = cut && (await deletesTags(planner.registry, repositories));
  if (tags) plan = chosen({ deletesTags: true });
  const shut = await closedOf(planner.registry, plan, repositories);
  if (shut.closed.size > 0) plan = chosen({ deletesTags: tags, closed: shut.closed });
  return { ...plan, collects, problems: [...meant.problems, ...plan.problems, ...shut.problems] };
}

/** Those of these repositories that may be read, and why the others are left alone. */
export async function readAll(
  {
    registry,
    content,
    memory,
    allowed,
  }: Pick<RegistryPlanner, 'registry' | 'content' | 'memory' | 'allowed'>,
  names: readonly string[],
  /** Digests that hosts use from there, which may be of what has no tag and was never seen. */
  used: ReadonlyMap<string, ReadonlySet<ImageId>> = new Map(),
): Promise<{ repositories: Repository[]; problems: Problem[] }> {
  const repositories: Repository[] = [];
  const problems: Problem[] = [];
  for (const name of names) {
    if (!isAllowed(allowed, name)) {
      problems.push({ kind: 'registry', name, why: { kind: 'registry', what: 'not-listed' } });
      continue;
    }
    const read = await orRefusal(content.read(name, used.get(name)), registry);
    if (read && 'why' in read) problems.push({ kind: 'registry', name, why: read.why });
    else if (!read) problems.push({ kind: 'not-found', name });
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
): ReturnType<Roster['holders']> {
  const digests = new Set<ImageId>();
  for (const { manifests } of repositories)
    for (const { digest, blobs } of manifests.values()) {
      digests.add(digest);
      // A graph driver calls an image by its configuration.
      if (blobs[0]) digests.add(blobs[0].digest);
    }
  return queue.holders([...digests]);
}

/** What is allowed is written out: `app` and `*` do not allow `team/app`, though as a glob of an image each would mean it. */
export const isAllowed = (allowed: readonly string[], name: string): boolean =>
  allowed.some((glob) => depthOf(glob) === depthOf(name) && matchesGlob(glob, name));

/** Repositories that are known of where the registry lists none. */
export const unlisted = ({ allowed, memory }: Pick<RegistryPlanner, 'allowed' | 'memory'>): string[] => [
  ...new Set([...allowed.filter((name) => !isGlob(name)), ...memory.repositories()]),
];

// --- internal ---

const depthOf = (path: string): number => path.split('/').length;
const isGlob = (text: string): boolean => /[*?]/.test(text);

async function namesOf(
  { registry, allowed, memory }: RegistryPlanner,
  selection: RegistrySelection,
): Promise<string[]> {
  if (selection.kind === 'registry rmi')
    return [...new Set(selection.names.map(({ repository }) => repository))].sort();
  const glob = selection.repositories;
  if (!isGlob(glob)) return [glob];
  const listed = (await registry.repositories()) ?? unlisted({ allowed, memory });
  // Others are none of its business, and are not spoken of.
  const meant = listed.filter((name) => matchesGlob(glob, name) && isAllowed(allowed, name));
  return [...new Set(meant)].sort();
}

async function orRefusal<T>(
  asked: Promise<T>,
  registry: Pick<Registry, 'ping'>,
): Promise<T | { why: RegistryProblem }> {
  try {
    return await asked;
  } catch (error) {
    if (!(error instanceof RegistryTrouble)) throw error;
    // One repository may be too much for a registry that answers otherwise.
    if (isOfNow(error.problem)) await registry.ping();
    else if (!isOfOne(error.problem)) throw error;
    return { why: error.problem };
  }
}

/** Of names in a repository that was not read it is not known whether they are there; one that is not there is told once. */
function sayingEachOnce(selection: RegistrySelection, problems: readonly Problem[]) {
  if (selection.kind !== 'registry rmi') return { selection, problems };
  const unread = new Set(
    problems.flatMap((problem) =>
      problem.kind === 'registry' && problem.name !== undefined ? [problem.name.replace(/@.*$/, '')] : [],
    ),
  );
  return {
    selection: { ...selection, names: selection.names.filter(({ repository }) => !unread.has(repository)) },
    problems: problems.filter(({ kind }) => kind !== 'not-found'),
  };
}
