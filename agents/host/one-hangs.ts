import type { Engine } from './ports.ts';

/** A deletion that takes so long may be stuck, and the engine with it. */
const LONG_MS = 60_000;
/** An engine that has answered anything within so long does not hang. */
const FRESH_MS = 5000;

/**
 * The same engine, with no deletion begun beside one that has been going on for long, or got no answer, unless the engine
 * answers a question in between: what it does at its own pace is fine. Who has looked just before has asked it, and goes
 * on at once, so that what was seen still holds. Rejects with `EngineTrouble` where it does not answer.
 */
export function besideNoneThatHangs(engine: Engine, monotonic: () => number, longMs = LONG_MS): Engine {
  const going = new Set<{ since: number; over: boolean }>();
  let answeredAt = Number.NEGATIVE_INFINITY;
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    const silent = [...going].filter(({ over }) => over);
    const answer = await question();
    for (const one of silent) going.delete(one);
    answeredAt = monotonic();
    return answer;
  };
  const hangs = (): boolean => {
    const now = monotonic();
    return [...going].some(
      ({ since, over }) => over || (now - since > longMs && now - answeredAt > FRESH_MS),
    );
  };
  const pass = async <T>(work: () => Promise<T>, isSilent: (result: T) => boolean): Promise<T> => {
    if (hangs()) await ask(engine.info);
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
    info: () => ask(engine.info),
    inspect: (nameOrId) => ask(() => engine.inspect(nameOrId)),
    container: (id, look) => ask(() => engine.container(id, look)),
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
