import type { FileHandle } from 'node:fs/promises';

/** The end of a file of lines. */
export interface Tail {
  /** The last whole line; `null` where there is none. */
  line: string | null;
  /** Bytes up to and with its line break. */
  end: number;
  /** What follows it: a line that was cut off, perhaps within a character. */
  torn: Buffer;
}

const STEP = 64 * 1024;

/** Reads a file from its end on, no more of it than is needed. */
export async function readTail(handle: FileHandle): Promise<Tail> {
  const { size } = await handle.stat();
  let read = Buffer.alloc(0);
  let from = size;
  for (;;) {
    const last = read.lastIndexOf(BREAK);
    const before = last > 0 ? read.lastIndexOf(BREAK, last - 1) : -1;
    if (from === 0 || before >= 0) {
      const line = last < 0 ? null : read.subarray(before + 1, last).toString();
      return { line, end: from + last + 1, torn: read.subarray(last + 1) };
    }
    const start = Math.max(0, from - STEP);
    read = Buffer.concat([await readAt(handle, start, from - start), read]);
    from = start;
  }
}

// --- internal ---

const BREAK = 0x0a;

async function readAt(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, from + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}
