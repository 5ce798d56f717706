import type { RunId } from '../domain/ids.ts';
import type { Deps } from './_deps.ts';

/** A press or a command about a run, as Slack delivers it: perhaps more than once. */
export interface Delivered {
  run: RunId;
  /** The same however often it is delivered. */
  delivery: string;
}

/**
 * Does the work of a press or a command once, and answers it once. One that is delivered again waits for the first to be
 * answered; where the bot of that one has died it is done anew, which is safe.
 */
export async function answeredOnce<T>(
  deps: Deps,
  { run, delivery }: Delivered,
  what: string,
  work: () => Promise<T | null>,
): Promise<T | null> {
  const answered = await deps.cards.claim(run, `${what} ${delivery}`);
  if (!answered) return null;
  try {
    return await work();
  } finally {
    await answered();
  }
}
