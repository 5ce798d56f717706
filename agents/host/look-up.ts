import type { Item } from '../../src/domain/plan.ts';
import { type Engine, EngineTrouble, type Removal } from './ports.ts';

type Waiting = {
  engine: Pick<Engine, 'inspect'>;
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

/** What became of a request that got no answer; `silent` where the engine may still be at it. */
export async function lookUp(item: Item, name: string, { engine, ...wait }: Waiting, silent: boolean) {
  const look = async () => {
    const live = await engine.inspect(item.image);
    const there = live && (name === item.image || live.tags.includes(name) || live.digests.includes(name));
    return there ? 'still there' : 'gone';
  };
  for (;;) {
    if (silent && !(await wait.whenBack(true))) return 'nothing known';
    try {
      if ((await look()) === 'gone') return 'gone';
      // An engine that was only slow may still have the request in its hands.
      if (silent) await wait.settle();
      return await look();
    } catch (error) {
      if (!(error instanceof EngineTrouble) || !silent) return 'nothing known';
    }
  }
}
