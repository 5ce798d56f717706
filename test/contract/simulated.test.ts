import { RELEASES, type Release } from '../../playground/parts/engine-release.ts';
import { startSimulatedEngine } from '../../playground/simulated/index.ts';
import { engineContract } from './_suite.ts';

const GRAPH_DRIVERS = (Object.keys(RELEASES) as Release[]).filter((release) => !RELEASES[release].containerd);

for (const release of GRAPH_DRIVERS) {
  engineContract(release, (scope) => startSimulatedEngine(scope, { name: 'host-1', release }));
}
