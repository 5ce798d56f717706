import type { ImageId } from '../../src/domain/ids.ts';
import type { Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import { type RepositoryGraph, repositoryGraph } from '../../src/domain/registry-graph.ts';
import { guardedThere } from '../../src/domain/registry-pick.ts';
import { refused } from '../host/verify.ts';
import { type Hands, thereOf } from './carry-out.ts';
import { lateObjection, lateUse, openGlance, unheardOf } from './glance.ts';
import { fleetOf, type RegistryPlanner, readAll } from './planner.ts';
import { RegistryTrouble } from './ports.ts';
import { isOfNow, mayNot } from './probes.ts';

/** A repository that was read so long ago is read again, in milliseconds; a large one after as long as that takes. */
const FRESH_MS = 2_000;

/** `unsure`: nobody can say that no host uses what is there. */
type Seen = { graph: RepositoryGraph; begun: number; unsure: Trouble | null } | { why: Trouble } | null;
type Judged = Awaited<ReturnType<Hands['check']>>;
type Look = { until: number; seen: Promise<Seen> };

/**
 * Looks before each deletion whether the manifest is still what was shown: on just these tags, a part of or a word about nothing
 * that stays, and not kept by a rule. `named`: by a person, so that what hosts use goes too. `now` in milliseconds, by a clock
 * that never jumps.
 */
export function openCheck(
  planner: RegistryPlanner,
  named: boolean,
  now: () => number,
): Pick<Hands, 'check' | 'late' | 'gone'> {
  const { rules, content } = planner;
  const glance = openGlance(planner, now);
  const looks = new Map<string, Look>();
  /** Looks and deletions in the order of their beginning and end: what a later look sees has been pushed again. */
  let turn = 0;
  const gone = new Map<string, number>();

  const look = async (repository: string): Promise<Seen> => {
    const begun = ++turn;
    const used = await planner.queue.usedIn([repository]).catch(() => null);
    const { repositories, problems } = await readAll(planner, [repository], used ?? undefined);
    const [read] = repositories;
    const [problem] = problems;
    if (read) {
      // What somebody named goes whoever uses it.
      const { holders, unsure } = named ? NOBODY : await orUnsure(fleetOf(planner, repositories));
      const unheard = used || named ? null : UNASKED;
      return { graph: repositoryGraph(read, { holders }), begun, unsure: unsure ?? unheard };
    }
    if (problem?.kind !== 'registry') return null;
    // A password that is not taken now may be taken a moment later: it is asked again for the next.
    if (mayNot(problem.why) || isOfNow(problem.why)) throw new RegistryTrouble(problem.why);
    return { why: problem.why };
  };
  const fresh = (repository: string): Look['seen'] => {
    const known = looks.get(repository);
    if (known && now() < known.until) return known.seen;
    const since = now();
    const mine: Look = { until: Number.POSITIVE_INFINITY, seen: look(repository) };
    mine.seen.then(
      (seen) => {
        const took = now() - since;
        // Redis may answer for the next, which is not to cost a whole look each time.
        const isAgain = seen && 'graph' in seen && seen.unsure === UNASKED && took < FRESH_MS;
        mine.until = isAgain ? now() : now() + Math.max(FRESH_MS, took);
      },
      () => looks.delete(repository),
    );
    looks.set(repository, mine);
    return mine.seen;
  };

  const hasGone = (repository: string, digest: ImageId, begun: number): boolean =>
    (gone.get(`${repository}@${digest}`) ?? 0) > begun;

  const judged: (...what: [Item, string, Seen, ReadonlySet<string>?]) => Judged = (
    item,
    repository,
    seen,
    supposed,
  ) => {
    if (!seen) return { there: false, why: null, unsure: null };
    if ('why' in seen) return { there: true, why: seen.why, unsure: null };
    const { graph, begun, unsure } = seen;
    const isGone = (digest: ImageId) =>
      supposed?.has(`${repository}@${digest}`) || hasGone(repository, digest, begun);
    if (!graph.repository.manifests.has(item.image) || isGone(item.image))
      return { there: false, why: null, unsure: null };
    return { there: true, why: objection(item, graph, graph.tagsOn(item.image), isGone), unsure };
  };

  return {
    check: async (item, repository, supposed) => judged(item, repository, await fresh(repository), supposed),
    async late(item, repository) {
      // It may be another look than the one before, so that all is judged by this one again.
      const seen = await fresh(repository);
      const { there, why, unsure } = judged(item, repository, seen);
      if (why ?? unsure) return why ?? unsure;
      if (!seen || 'why' in seen || !there) return null;
      const { graph, begun } = seen;
      const isGone = (digest?: ImageId) => digest === undefined || hasGone(repository, digest, begun);
      const [late, use] = await Promise.all([
        glance(graph, isGone),
        named ? null : lateUse(graph, item.image, planner).catch(() => UNASKED),
      ]);
      return lateObjection(graph, item.image, late) ?? use;
    },
    gone(repository, digest) {
      gone.set(`${repository}@${digest}`, ++turn);
      content.forget(repository, digest);
    },
  };

  function objection(
    item: Item,
    graph: RepositoryGraph,
    tags: readonly string[],
    isGone: (digest: ImageId) => boolean,
  ): Trouble | null {
    const { name } = graph.repository;
    const planned = thereOf(item).find(({ repository }) => repository === name);
    const known = planned?.known ?? [];
    const isSame =
      item.action === 'untag'
        ? planned?.remove.every((tag) => tags.includes(tag))
        : known.length === tags.length && known.every((tag) => tags.includes(tag));
    if (!isSame) return { kind: 'references', now: tags.map((tag) => `${name}:${tag}`) };
    const kind = named ? ('registry rmi' as const) : ('registry prune' as const);
    const guarded = guardedThere(graph, item.image, { kind }, rules);
    if (guarded) return guarded;
    if (item.action === 'untag') return null;
    // What was named itself goes whatever it is about; what only follows does not go before that.
    const about = graph.about(item.image).filter((one) => !named || item.after?.includes(one));
    const needed = [...graph.partOf(item.image), ...about].filter((one) => !isGone(one));
    return needed.length === 0
      ? null
      : { kind: 'part-of', of: needed.flatMap((index) => graph.references(index)) };
  }
}

// --- internal ---

const UNASKED = refused('Redis does not say which images hosts use');
const NOBODY = { holders: new Map(), unsure: null };

async function orUnsure(fleet: ReturnType<typeof fleetOf>) {
  try {
    const { holders, unheard } = await fleet;
    return { holders, unsure: unheardOf(unheard) };
  } catch {
    return { holders: new Map(), unsure: UNASKED };
  }
}
