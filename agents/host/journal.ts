import type { RunId } from '../../src/domain/ids.ts';
import { type JournalFile, JournalFull } from './journal-file.ts';
import { frameBytes } from './journal-frames.ts';
import { type Accepted, apply, isEnded, openMemory, type Take } from './journal-memory.ts';
import { type Entry, pack, unpack } from './journal-records.ts';
import { snapshot } from './journal-snapshot.ts';

/**
 * What the agent took on, is about to do, did and said: on disk before it goes on, so that the next start knows. What
 * is noted at the same time shares one write.
 */
export type Journal = {
  /** Durable when it resolves; rejects where it can't be written. What it says holds at once in either case. */
  note(entry: Entry): Promise<void>;
  /**
   * Takes a job's id, for ever: true the first time. Durable when it resolves, with room kept for all that will be noted
   * of it. Rejects with `JournalFull` where there is none.
   */
  accept(job: Omit<Extract<Entry, { t: 'job' }>, 't'>): Promise<boolean>;
  /** Whether a job was ever accepted. */
  knows(id: string): boolean;
  /** All that is kept of one; absent where it is no more than that it was accepted. */
  job(id: string): Accepted | undefined;
  jobs(): readonly Accepted[];
  takes(): ReadonlyMap<number, Take>;
  /** The highest run that it ever worked for. */
  top(): RunId | null;
  /** Resolves when all that was noted is durable, or could not be. */
  settled(): Promise<void>;
};

/** Room for what is not foreseen: acknowledgements, counts, corrected outcomes. */
const SLACK = 64 * 1024;
/** No job that passes through Redis needs more. */
const LARGEST = 512 * 1024 * 1024;

/** Reads the journal of these files. Throws where they say what is not understood. `now` in milliseconds since 1970. */
export function openJournal(file: JournalFile, now: () => number): Journal {
  const memory = openMemory();
  for (const payload of file.payloads) for (const entry of unpack(payload)) apply(memory, entry);

  type Waiting = { entry: Entry; need: number; done: () => void; failed: (error: unknown) => void };
  let queue: Waiting[] = [];
  let running: Promise<void> | null = null;

  /** What all that is at hand may still need. */
  const reserved = () =>
    [...memory.jobs.values()].reduce((sum, job) => sum + (isEnded(job) ? 0 : reserveOf(job)), SLACK);

  /** Writes all anew. Larger files are asked for where it would be tight, and taken where they must be. */
  const compact = async (need: number): Promise<void> => {
    const payloads = snapshot(memory, file.size() / 2, now());
    const bytes = payloads.reduce((sum, payload) => sum + frameBytes(payload.length), 0);
    let wanted = file.size();
    while (wanted < bytes + need + 2 * SLACK && wanted < LARGEST) wanted *= 2;
    try {
      await file.rewrite(payloads, wanted);
    } catch (error) {
      if (!(error instanceof JournalFull) || wanted === file.size()) throw error;
      await file.rewrite(payloads, 0);
    }
  };

  /** Whether it fits, with what is kept free for all that is at hand. */
  const compactWithReserve = async (): Promise<boolean> => {
    try {
      await compact(reserved());
    } catch (error) {
      if (error instanceof JournalFull) return false;
      throw error;
    }
    return file.room() >= reserved();
  };

  const write = async (batch: Waiting[]): Promise<void> => {
    const asks = batch.filter(({ need }) => need > 0).sort((a, b) => b.need - a.need);
    const payload = pack(batch.map(({ entry }) => entry));
    const least = frameBytes(payload.length) + (asks.length > 0 ? reserved() : 0);
    if (file.room() >= least) return file.append(payload);
    // The memory holds the batch already, so what is written anew does as well.
    if (asks.length === 0) return compact(reserved());
    for (const ask of asks) {
      if (await compactWithReserve()) return;
      if (ask.entry.t === 'job') memory.jobs.delete(ask.entry.id);
      ask.failed(new JournalFull());
    }
    await compact(0);
  };

  const run = async () => {
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      try {
        await write(batch);
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    running = null;
  };

  const put = (entry: Entry, need = 0): Promise<void> => {
    apply(memory, entry);
    return new Promise((done, failed) => {
      queue.push({ entry, need, done, failed });
      // Not before all that is noted in this instant is there.
      running ??= Promise.resolve().then(run);
    });
  };

  const knows = (id: string) => memory.jobs.has(id) || memory.ids.has(id);

  return {
    note: (entry) => put(entry),
    async accept(job) {
      if (knows(job.id)) return false;
      try {
        await put({ t: 'job', ...job }, reserveOf(job));
        return true;
      } catch (error) {
        // It may be on the disk all the same: then the next start says that it never began.
        memory.jobs.delete(job.id);
        throw error;
      }
    },
    knows,
    job: (id) => memory.jobs.get(id),
    jobs: () => [...memory.jobs.values()],
    takes: () => memory.takes,
    top: () => memory.top,
    settled: async () => {
      await running;
    },
  };
}

// --- internal ---

/** Bytes that the notes of a job may take up: an intent, an outcome and a report of each item, and some words more. */
function reserveOf({ items, cache }: Pick<Accepted, 'items' | 'cache'>): number {
  const names = items.reduce(
    (sum, { references, containers }) =>
      sum + references.reduce((n, name) => n + 160 + 5 * name.length, 0) + containers.length * 500,
    0,
  );
  return 8 * 1024 + 900 * items.length + names + 150 * cache.length;
}
