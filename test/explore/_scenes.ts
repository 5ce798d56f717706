import { ANA, BO, CY, EVE, force, PLANS, type Press, proposed, prune, type Scene, scene } from './_scene.ts';

const [ONE, TWO] = PLANS;
const approve = (by: Press['by'], times = 1): Press => ({ run: 1, by, verb: 'approve', times });

/** What is explored, each to its end or to a stated depth. */
export const SCENES: readonly Scene[] = [
  scene({
    name: 'one approval is enough',
    runs: [proposed(force(), ONE[0])],
    plans: [ONE],
    presses: [approve(BO), approve(CY), { run: 1, by: ANA, verb: 'cancel' }],
    crashes: 1,
    leaves: true,
  }),
];
void [EVE, TWO, prune];
