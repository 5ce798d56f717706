import { UserError } from '../domain/error.ts';
import type { RunId } from '../domain/ids.ts';
import type { Deps } from './_deps.ts';

/** A press or a command about a run, as Slack delivers it: perhaps more than once. */
export interface Delivered {
  run: RunId;
  /** The same however often it is delivered. */
  delivery: string;
}

/** Does the work at each delivery, since the bot of an earlier one may have died, and answers the first alone. */
export async function answeredOnce<T>(
  deps: Deps,
  { run, delivery }: Delivered,
  what: string,
  work: () => Promise<T | null>,
): Promise<T | null> {
  const first = await deps.cards.once(run, `${what} ${delivery}`);
  try {
    const answer = await work();
    return first ? answer : null;
  } catch (error) {
    if (first || !(error instanceof UserError)) throw error;
    return null;
  }
}
