import type { Item } from '../../src/domain/plan.ts';
import { type Engine, EngineTrouble, type Removal } from './ports.ts';
import type { Wait } from './wait.ts';

type Trouble = Extract<Removal, { kind: 'trouble' }>;

/** A removal whose answer is not waited for any more. */
export const unheard: Removal = { kind: 'trouble', problem: { kind: 'no-answer' }, begun: true };

/** The answer of the engine, or `late` where there is none to wait for any more. */
export async function unlessHurried<T>(asked: Promise<T>, hurry: AbortSignal, late: T): Promise<T> {
  let stop: (() => void) | undefined;
  const hurried = new Promise<T>((resolve) => {
    stop = () => resolve(late);
    if (hurry.aborted) stop();
    else hurry.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([asked, hurried]);
  } finally {
    if (stop) hurry.removeEventListener('abort', stop);
  }
}

type Found = 'gone' | 'still there' | 'in doubt';

/** What became of a request to delete an image by this name. */
export function lookUp(
  item: Item,
  name: string,
  { engine, ...wait }: Wait & { engine: Pick<Engine, 'inspect' | 'life'> },
  trouble: Trouble,
  life: string | null,
): Promise<Found> {
  const isGone = async () => {
    const live = await engine.inspect(item.image);
    return !(live && (name === item.image || live.tags.includes(name) || live.digests.includes(name)));
  };
  return whetherGone(isGone, wait, trouble, async () => isAnother(life, await engine.life()));
}

/**
 * What became of a request that got no answer. In doubt where nobody says within the time that is waited for an engine,
 * or it refuses to, and where it may still be at it: it answers other questions, did not hang up, and is not known to
 * have been started anew since.
 */
export async function whetherGone(
  isGone: () => Promise<boolean>,
  wait: Wait,
  { problem, cut }: Trouble,
  startedAnew: () => Promise<boolean>,
): Promise<Found> {
  const answered = problem.kind === 'engine';
  const look = async (): Promise<Found> => {
    try {
      return (await isGone()) ? 'gone' : 'still there';
    } catch (error) {
      if (!(error instanceof EngineTrouble) || !(answered || error.problem.kind === 'engine')) throw error;
      return 'in doubt';
    }
  };
  const onceBack = async () => {
    let found = 'in doubt' as Found;
    await wait.whenBack(true, async () => {
      found = await look();
    });
    return found;
  };
  if (answered) return look();
  const found = await onceBack();
  if (found !== 'still there') return found;
  // One that was only slow is about to finish.
  await wait.settle();
  const after = await onceBack();
  return after === 'still there' && !cut && !(await startedAnew()) ? 'in doubt' : after;
}

/** Whether an engine is certainly not the start of it that was asked then. */
export const isAnother = (then: string | null, now: string | null): boolean =>
  then !== null && now !== null && then !== now;
