import { startSimulatedEngine } from '../../playground/simulated/index.ts';
import { engineContract } from './_suite.ts';

engineContract('simulated', (scope) => startSimulatedEngine(scope, { name: 'host-1' }));
