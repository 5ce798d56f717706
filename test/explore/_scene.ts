import { UserId } from '../../src/domain/ids.ts';
import { type Plan, planDigest } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import type { Run } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import {
  ANA,
  anItem,
  aPart,
  aPlan,
  aPolicy,
  aRun,
  HOST,
  MINUTE,
  NOW,
  pruning,
  removing,
  runId,
} from '../domain/_build.ts';

export { ANA } from '../domain/_build.ts';
export const EVE = UserId.parse('U0EVE');
export const BO = UserId.parse('U0BO');
export const CY = UserId.parse('U0CY');
/** The one group of approvers. */
export const SRE = 'S0SRE';
/** Who is in it, with Bo or without; Ana always is, and still can't approve what she asked for. */
export const membersOf = (withBo: boolean): ReadonlySet<string> =>
  new Set(withBo ? [ANA, BO, CY] : [ANA, CY]);

/**
 * The instants that the clock takes: all is fresh; the first run has just expired; the second has, and a job
 * sent at first is late; every job is late. The others come only where it is asked whether all ends some day.
 */
export const TICKS: readonly number[] = [0, 10, 20, 90, 200, 300, 400].map((after) => NOW + after * MINUTE);

export interface Press {
  run: number;
  by: UserId;
  verb: 'confirm' | 'approve' | 'deny' | 'cancel';
  /** How often this person may press it; once unless it says so. */
  times?: number;
}

/** What may happen, at most. */
export interface Scene {
  name: string;
  /** How many moves deep it is explored in `npm test`. */
  moves: number;
  runs: readonly Run[];
  /** Of each run: what the agent may answer with; the first one is that of a run that is proposed. */
  plans: readonly (readonly Plan[])[];
  presses: readonly Press[];
  /** Bots that die, with all they had in hand; each is started again at once. */
  crashes: number;
  /** Instants of `TICKS` that the clock may move on. */
  ticks: number;
  /** Presses, reports and sweeps at once. */
  atOnce: number;
  /** Whether Bo may cease to be an approver. */
  leaves: boolean;
  /** Jobs that come to the agent twice, and reports that come to a bot twice. */
  twice: { jobs: number; reports: number };
  /** Agents started anew. */
  restarts: number;
  /** Times that the host is silent for so long that it counts as offline. */
  silences: number;
}

const NOTHING = {
  moves: Number.POSITIVE_INFINITY,
  crashes: 0,
  ticks: 3,
  atOnce: 2,
  leaves: false,
  restarts: 0,
  silences: 0,
};
export const ONCE = { jobs: 0, reports: 0 };

export function scene(given: Partial<Scene> & Pick<Scene, 'name' | 'runs' | 'plans' | 'presses'>): Scene {
  return { ...NOTHING, twice: ONCE, ...given };
}

function planOf(name: string, given: Partial<Plan> = {}): Plan {
  const items = [anItem(name)];
  return aPlan(items, { digest: planDigest(HOST, items, []), ...given });
}

/** Plans of the two runs; the second of each is what the host looked like a moment later. */
export const PLANS = [
  [planOf('one'), planOf('one more')],
  [planOf('two'), planOf('two more')],
] as const;

/** Ana's `rmi -f`, being planned. */
export const force = (count = 1, expires = 10 * MINUTE): Run =>
  aRun({
    id: runId(1),
    requester: ANA,
    selection: removing(['app:1'], true),
    policy: aPolicy({}, { count, expires }),
    hosts: { [HOST]: aPart({ sent: 'plan' }) },
  });
/** Eve's `prune`, being planned. */
export const prune = (given: Partial<Run> = {}): Run =>
  aRun({
    id: runId(2),
    requester: EVE,
    selection: pruning(),
    policy: aPolicy({}, { expires: 20 * MINUTE }),
    hosts: { [HOST]: aPart({ sent: 'plan' }) },
    ...given,
  });
/** The run once somebody has approved it. */
export const approved = (run: Run): Run => ({
  ...step(run, { type: 'approve', at: NOW, by: BO }),
  rev: run.rev + 1,
});
/** The run once its plan is there. */
export const proposed = (run: Run, plan: Plan): Run => ({
  ...step(run, { type: 'planned', at: NOW, host: HOST, plan: summarise(plan) }),
  rev: run.rev + 1,
});
