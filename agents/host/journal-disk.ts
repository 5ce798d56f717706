import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { SALT } from './journal-frames.ts';

/** Writes and syncs, as an argument: tests end the world between two of them. */
export type Io = {
  write(file: FileHandle, bytes: Uint8Array, at: number): Promise<void>;
  sync(file: FileHandle): Promise<void>;
};

/** What makes a file the one of two that counts: the higher generation. */
export type Head = { generation: number; size: number; salt: Buffer };

/** A disk that is nearly full gets smaller files, but no smaller ones than this, in bytes. */
const LEAST = 128 * 1024;
const MAGIC = Buffer.from('dimgjrn1');
/** The header, and the mark of who writes, in a block of each. */
export const MARK_AT = 512;
export const START = 1024;

export const REAL: Io = {
  async write(file, bytes, at) {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
      done += bytesWritten;
    }
  },
  sync: (file) => file.datasync(),
};

/** Makes both files, as large as the disk allows. */
export async function begin([a, b]: [FileHandle, FileHandle], size: number, io: Io): Promise<void> {
  for (let wanted = size; ; wanted = Math.floor(wanted / 2)) {
    try {
      for (const file of [a, b]) await preallocate(file, wanted, io);
      await io.write(a, headBytes({ generation: 1, size: wanted, salt: randomBytes(SALT) }), 0);
      await io.sync(a);
      return;
    } catch (error) {
      if (!isFull(error) || wanted / 2 < LEAST) throw error;
      for (const file of [a, b]) await file.truncate(0);
    }
  }
}

/** Writes zeros up to this size, so that what comes later needs no new block. */
export async function preallocate(file: FileHandle, size: number, io: Io): Promise<void> {
  const { size: now } = await file.stat();
  if (now >= size) return;
  const zeros = Buffer.alloc(64 * 1024);
  for (let at = now; at < size; at += zeros.length)
    await io.write(file, zeros.subarray(0, Math.min(zeros.length, size - at)), at);
  await file.sync();
}

/** A file's first block. */
export function headBytes({ generation, size, salt }: Head): Buffer {
  const bytes = Buffer.alloc(MARK_AT);
  bytes.set(MAGIC, 0);
  bytes.writeDoubleLE(generation, 8);
  bytes.writeDoubleLE(size, 16);
  bytes.set(salt, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 32)), 32);
  return bytes;
}

/** `none`: nothing was ever written to it. */
export async function readHead(file: FileHandle): Promise<Head | 'none' | 'bad'> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MARK_AT), 0, MARK_AT, 0);
  if (bytesRead === MARK_AT && buffer.subarray(0, 8).equals(MAGIC)) {
    if (buffer.readUInt32LE(32) !== crc32(buffer.subarray(0, 32))) return 'bad';
    const [generation, size] = [buffer.readDoubleLE(8), buffer.readDoubleLE(16)];
    return { generation, size, salt: Buffer.from(buffer.subarray(24, 24 + SALT)) };
  }
  return (await readAll(file)).every((byte) => byte === 0) ? 'none' : 'bad';
}

/** All of a file, as far as it can be read. */
export async function readAll(file: FileHandle): Promise<Buffer> {
  const { size } = await file.stat();
  const bytes = Buffer.alloc(size);
  let done = 0;
  while (done < size) {
    const { bytesRead } = await file.read(bytes, done, size - done, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

export const isFull = (error: unknown) =>
  ['ENOSPC', 'EDQUOT'].includes(String((error as NodeJS.ErrnoException).code));
