import type { RunId } from '../domain/ids.ts';
import type { Deps } from './_deps.ts';

/** A press or a command about a run, as Slack delivers it: perhaps more than once. */
export interface Delivered {
  run: RunId;
  /** The same however often it is delivered. */
  delivery: string;
}

/** Does the work of a command that makes no run, and answers it, once; as `answeredOnce` does for what is about one. */
export async function commandOnce<T>(
  deps: Deps,
  delivery: string,
  work: () => Promise<T | null>,
): Promise<T | null> {
  return claimed(await deps.asks.claim(delivery), work);
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
  return claimed(await deps.cards.claim(run, `${what} ${delivery}`), work);
}

// --- internal ---

async function claimed<T>(
  answered: (() => Promise<void>) | null,
  work: () => Promise<T | null>,
): Promise<T | null> {
  if (!answered) return null;
  try {
    return await work();
  } finally {
    await answered();
  }
}
