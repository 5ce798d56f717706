import type { RunId } from '../../src/domain/ids.ts';
import type { AnySelection } from '../../src/domain/selection.ts';

/**
 * What plans were made of: an execute job does not say. All are of this epoch, as its jobs are. A run has several where
 * its plan was asked for twice, and which of them the bot keeps is for the bot to say.
 */
export function rememberSelections(most = 10_000) {
  const plans = new Map<string, AnySelection>();
  const keyOf = (run: RunId, digest: string) => `${run} ${digest}`;
  return {
    add(run: RunId, digest: string, selection: AnySelection): void {
      plans.set(keyOf(run, digest), selection);
      const oldest = plans.size > most ? plans.keys().next().value : undefined;
      if (oldest !== undefined) plans.delete(oldest);
    },
    of: (run: RunId, digest: string): AnySelection | undefined => plans.get(keyOf(run, digest)),
  };
}
