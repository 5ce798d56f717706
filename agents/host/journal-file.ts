import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from './config-error.ts';
import { syncFolder } from './files.ts';
import {
  begin,
  type Head,
  headBytes,
  type Io,
  isFull,
  MARK_AT,
  preallocate,
  REAL,
  readAll,
  readHead,
  START,
} from './journal-disk.ts';
import { frame, frameBytes, SALT, scan } from './journal-frames.ts';

/**
 * Two files that alternate, each preallocated with zeros that were really written: what is written later needs no new
 * block, so that it succeeds on a disk that is full by then. One holds the frames; to begin anew the other is written
 * whole, and only then gets the header that makes it the one.
 */
export type JournalFile = {
  /** What was read at opening. */
  payloads: readonly Buffer[];
  size(): number;
  /** Bytes left for frames. */
  room(): number;
  /** Durable when it resolves. One call at a time. Rejects with `JournalFull` where it does not fit. */
  append(payload: Uint8Array): Promise<void>;
  /**
   * Begins anew with these payloads in files of at least `least` bytes. One call at a time. Where it rejects, all is as
   * it was: with `JournalFull` where they do not fit, or the disk has no room for larger files.
   */
  rewrite(payloads: readonly Uint8Array[], least: number): Promise<void>;
  close(): Promise<void>;
};

/** There is no room for it, neither in the journal nor on its disk. */
export class JournalFull extends Error {
  constructor() {
    super('the journal in DIMG_STATE_DIR is full, and so is its disk');
    this.name = 'JournalFull';
  }
}

/** Of each of the two files, in bytes. */
const SIZE = 2 * 1024 * 1024;
const NAMES = ['journal.a', 'journal.b'] as const;

/** Opens the journal's files, and makes them where there are none. Throws a `ConfigError` where they can't be read. */
export async function openJournalFile(
  folder: string,
  { size = SIZE, io = REAL }: { size?: number; io?: Io } = {},
): Promise<JournalFile> {
  const paths = NAMES.map((name) => join(folder, name));
  const files = await Promise.all(
    paths.map((path) => open(path, constants.O_RDWR | constants.O_CREAT, 0o600)),
  );
  const [a, b] = files as [FileHandle, FileHandle];
  const close = async () => {
    await Promise.all(files.map((file) => file.close()));
  };
  try {
    await syncFolder(folder);
    const heads = await Promise.all(files.map(readHead));
    if (heads.some((head) => head !== 'none')) return await use([a, b], heads, folder, io, close);
    await begin([a, b], size, io);
    return await use([a, b], [await readHead(a), 'none'], folder, io, close);
  } catch (error) {
    await close();
    throw error;
  }
}

// --- internal ---

async function use(
  [a, b]: [FileHandle, FileHandle],
  heads: readonly (Head | 'none' | 'bad')[],
  folder: string,
  io: Io,
  close: () => Promise<void>,
): Promise<JournalFile> {
  const [first, second] = heads.map((head) => (typeof head === 'string' ? null : head));
  const isSecond =
    !first || (second !== null && second !== undefined && second.generation > first.generation);
  let head = isSecond ? second : first;
  if (!head) throw unreadable(folder);
  let [file, other] = isSecond ? [b, a] : [a, b];
  const bytes = await readAll(file);
  const found = scan(bytes, START, head.salt);
  // A file that is shorter than it was made, or whose middle can't be read, is no torn end.
  if (bytes.length < head.size || found.damaged) throw unreadable(folder);
  let { size, salt, generation } = head;
  let end = found.end;
  let number = found.payloads.length;

  // Whoever opens it last writes; another process that still has it open finds so, and writes no more.
  const mark = randomBytes(SALT);
  await io.write(file, mark, MARK_AT);
  await io.sync(file);
  let lost = false;
  const mine = async () => {
    if (lost) throw new Error('which of the journal’s two files counts is not known any more');
    const { buffer } = await file.read(Buffer.alloc(SALT), 0, SALT, MARK_AT);
    if (!buffer.equals(mark)) throw new Error('another process writes this journal by now');
  };

  const grow = async (least: number): Promise<number> => {
    try {
      for (const one of [other, file]) await preallocate(one, least, io);
      return least;
    } catch (error) {
      if (isFull(error)) throw new JournalFull();
      throw error;
    }
  };

  return {
    payloads: found.payloads,
    size: () => size,
    room: () => size - end,
    async append(payload) {
      if (end + frameBytes(payload.length) > size) throw new JournalFull();
      await mine();
      const bytes = frame(salt, number, payload);
      await io.write(file, bytes, end);
      await io.sync(file);
      end += bytes.length;
      number++;
    },
    async rewrite(payloads, least) {
      await mine();
      const total = payloads.reduce((sum, payload) => sum + frameBytes(payload.length), START);
      const next: Head = {
        generation: generation + 1,
        size: least > size ? await grow(least) : size,
        salt: randomBytes(SALT),
      };
      if (total > next.size) throw new JournalFull();
      await preallocate(other, next.size, io);
      // From here on it must not pass for what it once was.
      await io.write(other, Buffer.alloc(START), 0);
      await io.sync(other);
      let at = START;
      for (const [i, payload] of payloads.entries()) {
        const bytes = frame(next.salt, i, payload);
        await io.write(other, bytes, at);
        at += bytes.length;
      }
      await io.write(other, mark, MARK_AT);
      await io.sync(other);
      try {
        await io.write(other, headBytes(next), 0);
        await io.sync(other);
      } catch (error) {
        // It may be on the disk all the same, and would then count more than what is appended from now on.
        lost = true;
        await io.write(other, Buffer.alloc(MARK_AT), 0);
        await io.sync(other);
        lost = false;
        throw error;
      }
      [file, other] = [other, file];
      ({ size, salt, generation } = next);
      end = at;
      number = payloads.length;
      head = next;
      // Both are whole now, and the newer one counts: that this fails is no harm.
      await io.write(other, Buffer.alloc(MARK_AT), 0).catch(() => {});
    },
    close,
  };
}

function unreadable(folder: string): ConfigError {
  return new ConfigError(
    `DIMG_STATE_DIR: the journal in ${folder} can't be read; look at the disk, then move ${NAMES.join(' and ')} away, and a new one is begun: what became of runs at hand is then told no more, and the hour of limits.per-hour begins anew.`,
  );
}
