import { MINUTE } from '../domain/_build.ts';
import {
  ANA,
  approved,
  BO,
  CY,
  EVE,
  force,
  PLANS,
  type Press,
  proposed,
  prune,
  type Scene,
  scene,
} from './_scene.ts';

const [ONE, TWO] = PLANS;
const approve = (by: Press['by'], times = 1): Press => ({ run: 1, by, verb: 'approve', times });
const cancel = (run: number, by: Press['by']): Press => ({ run, by, verb: 'cancel' });
const confirm = (by: Press['by'], times = 1): Press => ({ run: 2, by, verb: 'confirm', times });

/** What is explored: every order of what each may hold, as deep as there is room. */
export const SCENES: readonly Scene[] = [
  scene({
    name: 'a force that is approved and cancelled, with nothing else in the way',
    runs: [proposed(force(), ONE[0])],
    plans: [ONE],
    presses: [approve(BO), cancel(1, ANA)],
    ticks: 1,
  }),
  scene({
    name: 'a force that one approval starts',
    moves: 7,
    runs: [proposed(force(), ONE[0])],
    plans: [ONE],
    presses: [approve(BO), approve(CY), approve(ANA), cancel(1, ANA), { run: 1, by: BO, verb: 'deny' }],
    crashes: 2,
    ticks: 2,
    leaves: true,
  }),
  scene({
    // Its approvers are reminded at the instant at which others expire.
    name: 'a force that needs two approvals',
    moves: 11,
    runs: [proposed(force(2, 20 * MINUTE), ONE[0])],
    plans: [ONE],
    presses: [approve(BO, 2), approve(CY), approve(ANA)],
    crashes: 1,
    ticks: 2,
    leaves: true,
    atOnce: 3,
  }),
  scene({
    name: 'a prune that its requester confirms',
    moves: 9,
    runs: [proposed(prune({ id: force().id }), TWO[0])],
    plans: [TWO],
    presses: [confirm(EVE, 2), confirm(ANA), cancel(2, EVE)].map((press) => ({ ...press, run: 1 })),
    crashes: 2,
  }),
  scene({
    name: 'a plan that comes twice, and not the same',
    moves: 8,
    runs: [force()],
    plans: [ONE],
    presses: [approve(BO), approve(CY)],
    crashes: 1,
    twice: { jobs: 0, reports: 1 },
  }),
  scene({
    name: 'a host that is silent or started anew, and hears and says things twice',
    moves: 10,
    runs: [proposed(force(), ONE[0])],
    plans: [ONE],
    presses: [approve(BO), cancel(1, ANA)],
    crashes: 1,
    twice: { jobs: 1, reports: 1 },
    restarts: 1,
    silences: 1,
  }),
  scene({
    name: 'a host that says what it did after its run was given up',
    moves: 10,
    runs: [approved(proposed(force(), ONE[0]))],
    plans: [ONE],
    presses: [cancel(1, ANA)],
    twice: { jobs: 1, reports: 1 },
    ticks: 1,
    restarts: 1,
    silences: 1,
  }),
  scene({
    name: 'two runs at once',
    moves: 5,
    runs: [proposed(force(), ONE[0]), proposed(prune(), TWO[0])],
    plans: [ONE, TWO],
    presses: [
      ...[approve(BO), approve(CY), approve(ANA), cancel(1, ANA), { run: 1, by: BO, verb: 'deny' as const }],
      ...[confirm(EVE), confirm(ANA), cancel(2, EVE)],
    ],
    crashes: 2,
    leaves: true,
    atOnce: 3,
  }),
];
