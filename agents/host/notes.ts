import type { Outcome, Trouble } from '../../src/domain/outcome.ts';
import type { Item } from '../../src/domain/plan.ts';
import type { Journal } from './journal.ts';
import { errorField } from './log.ts';
import type { Log } from './ports.ts';
import { refused } from './verify.ts';

/** What an execution notes in the journal, so that the next start of the agent knows where it was. */
export type Notes = {
  /** Before the engine is asked: resolves once that is durable, or to why it can't be and nothing may be asked. */
  begin(item: Item): Promise<Trouble | null>;
  /**
   * The same before each request to delete it, or a container that holds it: by which name or ID, and which start of the
   * engine that is.
   */
  tried(item: Item, name: string, life: string | null): Promise<Trouble | null>;
  /** Before it is told: resolves once it is durable, or can't be. Never rejects. */
  end(outcome: Outcome): Promise<void>;
  /** As `begin`, for all these records of the build cache. */
  beginCache(ids: readonly string[]): Promise<Trouble | null>;
  freed(id: string, bytes: number): void;
};

/** The notes of one accepted job. */
export function openNotes(
  journal: Pick<Journal, 'note'>,
  { id: job, items }: { id: string; items: readonly Item[] },
  now: () => number,
  log: Log,
): Notes {
  const place = new Map(items.map(({ image }, i) => [image, i]));
  const indexOf = (image: Item['image']) => place.get(image) ?? -1;
  const failed = (error: unknown) =>
    log.error('the journal could not be written', { job, ...errorField(error) });
  const before = (noted: Promise<void>): Promise<Trouble | null> =>
    noted.then(
      () => null,
      (error) => {
        failed(error);
        return unwritten;
      },
    );
  return {
    begin: ({ image }) => before(journal.note({ t: 'intent', at: now(), job, item: indexOf(image) })),
    tried: ({ image }, name, life) =>
      before(journal.note({ t: 'tried', at: now(), job, item: indexOf(image), name, life })),
    end: (outcome) =>
      journal.note({ t: 'outcome', at: now(), job, item: indexOf(outcome.image), outcome }).catch(failed),
    beginCache: (ids) => before(journal.note({ t: 'cache', at: now(), job, ids: [...ids] })),
    freed: (id, bytes) => void journal.note({ t: 'freed', job, id, bytes }).catch(failed),
  };
}

// --- internal ---

/** What is not written down could be done twice. */
const unwritten: Trouble = refused(
  'the agent’s journal could not be written: is the disk of DIMG_STATE_DIR full?',
);
