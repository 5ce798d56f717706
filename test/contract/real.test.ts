import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { type Engine, startEngine } from '../../playground/parts/engine.ts';
import { createScope, type Scope } from '../../playground/parts/scope.ts';
import { startSimulatedEngine } from '../../playground/simulated/index.ts';
import { compareEngines } from './_differential.ts';
import { realKind } from './_kind.ts';
import { engineContract } from './_suite.ts';

/** Longer by hand: `DIMG_CONTRACT_SEQUENCES=1000 DIMG_CONTRACT_SEED=7`. */
const SEQUENCES = Number(process.env.DIMG_CONTRACT_SEQUENCES ?? 20);
const SEED = Number(process.env.DIMG_CONTRACT_SEED ?? 20240101);

const skip = skipWithout(
  'the contract on a real engine, and the simulated one beside it',
  'engines',
  'busybox',
);

describe.skipIf(skip)('real', () => {
  engineContract(realKind(), (scope) => startEngine(scope, { name: 'host-1' }));
});

describe.skipIf(skip)('side by side', () => {
  let scope: Scope;
  let engine: Engine;
  beforeAll(async () => {
    scope = createScope('contract');
    engine = await startEngine(scope, { name: 'real' });
  }, 60_000);
  afterAll(() => scope?.close(), 60_000);

  test('random requests have the same answers', async () => {
    const simulated = await startSimulatedEngine(scope, { name: 'simulated', release: realKind() });
    const sequences = Math.ceil(SEQUENCES * 0.8);
    expect(
      await compareEngines(realKind(), { real: engine, simulated }, { seed: SEED, sequences, runs: false }),
    ).toBeGreaterThan(0);
  }, 600_000);

  test('random requests with containers that run have the same answers', async () => {
    const simulated = await startSimulatedEngine(scope, { name: 'simulated-2', release: realKind() });
    const sequences = Math.floor(SEQUENCES * 0.2);
    expect(
      await compareEngines(realKind(), { real: engine, simulated }, { seed: SEED, sequences, runs: true }),
    ).toBeGreaterThan(0);
  }, 600_000);
});
