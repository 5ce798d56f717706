import type { ImageId } from '../../src/domain/ids.ts';
import { familiarReference } from '../../src/domain/reference.ts';
import type { LastUsed } from './last-used.ts';
import { errorField } from './log.ts';
import { type Engine, type EngineEvent, EngineTrouble, type Log } from './ports.ts';

export type Watch = {
  /**
   * Resolves once all that was heard so far has been taken in: to a number that is another after each interruption,
   * or to `null` while nothing is heard. Names may have been given anew without our knowing in between.
   */
  settled(): Promise<number | null>;
  /** The engine may be deaf to us, or gone without a word: listens anew. */
  doubt(): void;
  /** Listens until the signal is given. What was not taken in by then is left to the next start, which asks for it. */
  run(end: AbortSignal): Promise<void>;
};

type Watching = {
  engine: Pick<Engine, 'events' | 'inspect' | 'container'>;
  lastUsed: LastUsed;
  /** Something about this image may not be as it was. */
  touched: (id: ImageId) => void;
  sleep: (ms: number) => Promise<void>;
  log: Log;
};

/** What gives an image a name, or the same name again. */
const ARRIVALS = new Set(['pull', 'tag', 'load', 'import', 'build', 'create']);
/** A container begins or ends, or somebody looks into one. */
const USES = new Set([
  'create',
  'start',
  'restart',
  'die',
  'stop',
  'kill',
  'unpause',
  'destroy',
  'exec_start',
]);
/** Containers come and go; the newest of them are enough to know what ended. */
const REMEMBERED = 10_000;

/** Hears of the engine's events which images come and are used, across its restarts and ours. */
export function openWatch({ engine, lastUsed, touched, sleep, log }: Watching): Watch {
  const imageOf = new Map<string, ImageId>();
  let listening = false;
  let connection = 0;
  let current = new AbortController();
  let last: Promise<void> = Promise.resolve();

  const ofContainer = async ({ id, image }: EngineEvent): Promise<ImageId | null> => {
    const known = imageOf.get(id);
    if (known) return known;
    // One that has gone by now is only known by the name of its image.
    const found = /^[0-9a-f]{64}$/.test(id) ? (await engine.container(id))?.imageId : null;
    const imageId = found ?? (await idOf(image));
    if (imageId) remember(id, imageId);
    return imageId;
  };
  const remember = (container: string, image: ImageId) => {
    imageOf.set(container, image);
    const oldest = imageOf.size > REMEMBERED ? imageOf.keys().next().value : undefined;
    if (oldest !== undefined) imageOf.delete(oldest);
  };
  const idOf = async (name: string | null): Promise<ImageId | null> => {
    if (name === null || name === '') return null;
    try {
      return (await engine.inspect(familiarReference(name) ?? name))?.id ?? null;
    } catch (error) {
      // What is no name of an image, such as a short ID, is nothing to go by.
      if (error instanceof EngineTrouble && error.problem.kind === 'engine') return null;
      throw error;
    }
  };
  const take = async (event: EngineEvent): Promise<void> => {
    const { type, action, at } = event;
    if (type === 'container' && USES.has(action.split(':')[0] ?? '')) {
      const image = await ofContainer(event);
      if (image) lastUsed.used(image, at);
    } else if (type === 'image' && ARRIVALS.has(action)) {
      const image = await idOf(event.id);
      if (image) {
        lastUsed.arrived(image, at);
        touched(image);
      }
    }
    lastUsed.heard(at);
  };

  return {
    async settled() {
      const before = connection;
      await last;
      return listening && connection === before ? connection : null;
    },

    doubt: () => current.abort(),

    async run(end) {
      let wake = () => {};
      const hangUp = () => {
        listening = false;
        current.abort();
        wake();
      };
      end.addEventListener('abort', hangUp, { once: true });
      for (let pause = 250; !end.aborted; pause = Math.min(2 * pause, 30_000)) {
        try {
          // An engine that answers is asked for what was missed; its memory is short, and ours is not needed to be long.
          const opened = () => {
            pause = 250;
            connection++;
            listening = true;
          };
          const hear = (event: EngineEvent) => {
            last = last
              .then(() => (end.aborted ? undefined : take(event)))
              .catch((error) => log.warn('an event was not taken in', errorField(error)));
          };
          current = new AbortController();
          await engine.events(lastUsed.heardUntil(), { opened, hear }, current.signal);
        } catch (error) {
          if (!(error instanceof Error)) throw error;
        }
        listening = false;
        current.abort();
        if (end.aborted) break;
        await Promise.race([sleep(pause), new Promise<void>((resolve) => (wake = resolve))]);
      }
      await last;
    },
  };
}
