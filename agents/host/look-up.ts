import type { Item } from '../../src/domain/plan.ts';
import { type Engine, EngineTrouble, type Removal } from './ports.ts';

type Waiting = {
  engine: Pick<Engine, 'inspect' | 'life'>;
  whenBack(begun: boolean): Promise<boolean>;
  settle(): Promise<void>;
};

/** The answer to a removal, or that there is none to wait for any more. */
export async function unlessHurried(removal: Promise<Removal>, hurry: AbortSignal): Promise<Removal> {
  const late: Removal = { kind: 'trouble', problem: { kind: 'no-answer' }, begun: true };
  let stop: (() => void) | undefined;
  const hurried = new Promise<Removal>((resolve) => {
    stop = () => resolve(late);
    if (hurry.aborted) stop();
    else hurry.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([removal, hurried]);
  } finally {
    if (stop) hurry.removeEventListener('abort', stop);
  }
}

/**
 * What became of a request that got no answer. In doubt as long as nobody can say, and where the engine may still be at
 * it: it answers other questions, did not hang up, and is not known to have been started anew since.
 */
export async function lookUp(
  item: Item,
  name: string,
  { engine, ...wait }: Waiting,
  { problem, cut }: Extract<Removal, { kind: 'trouble' }>,
  life: string | null,
): Promise<'gone' | 'still there' | 'in doubt'> {
  const silent = problem.kind !== 'engine';
  const look = async () => {
    const live = await engine.inspect(item.image);
    const there = live && (name === item.image || live.tags.includes(name) || live.digests.includes(name));
    return there ? 'still there' : 'gone';
  };
  for (;;) {
    if (silent && !(await wait.whenBack(true))) return 'in doubt';
    try {
      if ((await look()) === 'gone') return 'gone';
      if (!silent) return 'still there';
      // One that was only slow is about to finish.
      await wait.settle();
      if ((await look()) === 'gone') return 'gone';
      return cut || isAnother(life, await engine.life()) ? 'still there' : 'in doubt';
    } catch (error) {
      if (!(error instanceof EngineTrouble) || !silent) return 'in doubt';
    }
  }
}

/** Whether an engine is certainly not the start of it that was asked then. */
export const isAnother = (then: string | null, now: string | null): boolean =>
  then !== null && now !== null && then !== now;
