import { type SimulatedEngine, startSimulatedEngine } from '../simulated/index.ts';
import { type Engine, enginesAvailable, startEngine } from './engine.ts';
import type { Scope } from './scope.ts';

export type EngineKind = 'real' | 'simulated';

export type AnyEngine = (Engine & { readonly kind: 'real' }) | SimulatedEngine;

/** Real engines where they can be started, simulated ones elsewhere; and why, in a sentence for people. */
export function engineKind(): { readonly kind: EngineKind; readonly why: string } {
  const available = enginesAvailable();
  if (available === true) return { kind: 'real', why: 'Real Docker engines of our own.' };
  return { kind: 'simulated', why: `Simulated engines. ${available}` };
}

/** Starts an engine of the kind that is asked for, else of the better one that there can be. */
export async function startAnyEngine(
  scope: Scope,
  options: { readonly name: string; readonly kind?: EngineKind },
): Promise<AnyEngine> {
  const { name, kind = engineKind().kind } = options;
  if (kind === 'simulated') return startSimulatedEngine(scope, { name });
  return { ...(await startEngine(scope, { name })), kind };
}
