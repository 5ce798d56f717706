import type { Engine } from './ports.ts';

/** A deletion that takes so long may be stuck, and the engine with it. */
const LONG_MS = 60_000;

/**
 * The same engine, with no deletion begun beside one that has been going on for long, or got no answer, unless the engine
 * answers a question in between: what it does at its own pace is fine. Rejects with `EngineTrouble` where it does not.
 */
export function besideNoneThatHangs(engine: Engine, monotonic: () => number, longMs = LONG_MS): Engine {
  const going = new Set<{ since: number; over: boolean }>();
  const pass = async <T>(work: () => Promise<T>, isSilent: (result: T) => boolean): Promise<T> => {
    if ([...going].some(({ since, over }) => over || monotonic() - since > longMs)) {
      await engine.info();
      for (const one of going) if (one.over) going.delete(one);
    }
    const mine = { since: monotonic(), over: false };
    going.add(mine);
    try {
      const result = await work();
      mine.over = isSilent(result);
      return result;
    } catch (error) {
      mine.over = true;
      throw error;
    } finally {
      if (!mine.over) going.delete(mine);
    }
  };
  return {
    ...engine,
    remove: (name, options) => pass(() => engine.remove(name, options), isSilent),
    removeContainer: (id) => pass(() => engine.removeContainer(id), isSilent),
    removeRecord: (id) =>
      pass(
        () => engine.removeRecord(id),
        () => false,
      ),
  };
}

// --- internal ---

type Removed = Awaited<ReturnType<Engine['remove']>>;
const isSilent = (result: Removed): boolean =>
  result.kind === 'trouble' && result.begun && result.problem.kind !== 'engine';
