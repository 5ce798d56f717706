import fc from 'fast-check';
import { expect } from 'vitest';
import { openApi, type Subject } from './_api.ts';
import { openStage } from './_apply.ts';
import { type Step, steps } from './_steps.ts';
import { dialectOf, type Kind } from './dialect/index.ts';

export type Size = { readonly seed: number; readonly sequences: number; readonly runs: boolean };

/** Applies random sequences of requests to two engines, and compares answers and state after every step. */
export async function compareEngines(
  kind: Kind,
  { real, simulated }: { readonly real: Subject; readonly simulated: Subject },
  size: Size,
): Promise<number> {
  const dialect = dialectOf(kind);
  const [one, other] = [openStage(openApi(real), dialect), openStage(openApi(simulated), dialect)];
  let applied = 0;
  const property = fc.asyncProperty(steps(size.runs), async (sequence: Step[]) => {
    await Promise.all([one.empty(), other.empty()]);
    for (const [i, step] of sequence.entries()) {
      const [expected, found] = [await one.apply(step), await other.apply(step)];
      const at = `step ${i + 1}, ${JSON.stringify(step)}`;
      expect(found, at).toEqual(expected);
      const [expectedState, state] = await Promise.all([one.look(), other.look()]);
      expect(state, `after ${at}`).toEqual(expectedState);
      applied++;
    }
    expect(await other.told(), 'events').toEqual(await one.told());
  });
  await fc.assert(property, {
    seed: size.seed,
    numRuns: size.sequences,
  });
  await Promise.all([one.empty(), other.empty()]);
  return applied;
}
