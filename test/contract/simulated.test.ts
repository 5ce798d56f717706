import { RELEASES, type Release } from '../../playground/parts/engine-release.ts';
import { startSimulatedEngine } from '../../playground/simulated/index.ts';
import { engineContract } from './_suite.ts';

for (const release of Object.keys(RELEASES) as Release[]) {
  engineContract(release, (scope) => startSimulatedEngine(scope, { name: 'host-1', release }));
}
