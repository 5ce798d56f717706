import type { HostName } from './ids.ts';
import type { Outcome } from './outcome.ts';
import { type Item, nameOf, type Plan, type Problem, planDigest } from './plan.ts';
import type { HostPart } from './run.ts';

/** So many of what is lost are named; the rest is counted. */
const NAMED = 10;

/**
 * What would bring back all that a run took away on a host, from its plan and the outcomes: names are given again,
 * and what was deleted is pulled again by the digest that a registry answered for. What can't come back is a problem.
 */
export function planUndo(
  host: HostName,
  plan: Plan,
  part: Pick<HostPart, 'outcomes' | 'cache'>,
  now: number,
): Plan {
  const outcomes = new Map(part.outcomes.map((outcome) => [outcome.image, outcome]));
  const items: Item[] = [];
  const lost: string[] = [];
  for (const item of plan.items) {
    const outcome = outcomes.get(item.image);
    const references = outcome ? takenFrom(item, outcome) : [];
    if (outcome?.outcome === 'deleted' && item.recoverable === undefined) lost.push(nameOf(item));
    else if (references.length > 0 || mayBeGone(outcome)) items.push(back(item, references));
  }
  const containers = part.outcomes.flatMap((outcome) => outcome.containers ?? []);
  const cached = part.cache?.deleted ?? 0;
  const problems = [
    ...problem('irrecoverable', lost, lost.length),
    ...problem('container', containers, containers.length),
    ...problem('build-cache', [], cached),
  ];
  const digest = planDigest(host, items, []);
  return { host, takenAt: now, items, kept: [], cache: [], problems, reclaim: 0, digest };
}

// --- internal ---

/** References to be given back. */
function takenFrom(item: Item, { outcome, removed }: Outcome): readonly string[] {
  switch (outcome) {
    case 'untagged':
      return item.remove;
    case 'deleted':
    case 'unknown':
      return item.references;
    default:
      return removed;
  }
}

/** Also an image without a name comes back. */
function mayBeGone(outcome: Outcome | undefined): boolean {
  return outcome?.outcome === 'deleted' || outcome?.outcome === 'unknown';
}

function back(item: Item, references: readonly string[]): Item {
  return {
    ...item,
    action: 'restore',
    references: [...references],
    remove: [],
    containers: [],
    force: false,
    reclaim: 0,
    usedBy: [],
  };
}

function problem(
  why: Extract<Problem, { kind: 'lost' }>['why'],
  names: readonly string[],
  count: number,
): Problem[] {
  return count > 0 ? [{ kind: 'lost', why, names: names.slice(0, NAMED), count }] : [];
}
