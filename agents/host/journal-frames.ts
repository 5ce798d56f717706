import { crc32 } from 'node:zlib';

/**
 * Frames of a journal's file: what was written together and made durable together. Each begins with the random salt of
 * its file's use, so that what an earlier use left behind is never taken for one, and with a checksum.
 */
export const SALT = 8;
/** Salt, length, number, checksum, and four bytes for what may come. */
const HEAD = SALT + 16;
const ALIGN = 8;

/** Bytes that a payload takes up in the file. */
export const frameBytes = (length: number): number => Math.ceil((HEAD + length) / ALIGN) * ALIGN;

export function frame(salt: Uint8Array, number: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(frameBytes(payload.length));
  bytes.set(salt, 0);
  bytes.writeUInt32LE(payload.length, SALT);
  bytes.writeUInt32LE(number, SALT + 4);
  bytes.set(payload, HEAD);
  bytes.writeUInt32LE(checksum(bytes, payload.length), SALT + 8);
  return bytes;
}

export type Scan = {
  payloads: Buffer[];
  /** Where the next frame goes. */
  end: number;
  /** A whole frame lies beyond the end: what is between was damaged, and is no torn end. */
  damaged: boolean;
};

/** Reads frames from `start` on, up to the first that is not whole. */
export function scan(bytes: Buffer, start: number, salt: Uint8Array): Scan {
  const payloads: Buffer[] = [];
  let end = start;
  for (;;) {
    const payload = frameAt(bytes, end, salt);
    if (payload?.number !== payloads.length) break;
    payloads.push(payload.data);
    end += frameBytes(payload.data.length);
  }
  let damaged = false;
  for (let at = bytes.indexOf(salt, end); at >= 0 && !damaged; at = bytes.indexOf(salt, at + 1))
    damaged = at > end && frameAt(bytes, at, salt) !== null;
  return { payloads, end, damaged };
}

// --- internal ---

function frameAt(bytes: Buffer, at: number, salt: Uint8Array): { number: number; data: Buffer } | null {
  if (at + HEAD > bytes.length || bytes.compare(salt, 0, SALT, at, at + SALT) !== 0) return null;
  const length = bytes.readUInt32LE(at + SALT);
  if (at + HEAD + length > bytes.length) return null;
  const whole = bytes.subarray(at, at + HEAD + length);
  if (whole.readUInt32LE(SALT + 8) !== checksum(whole, length)) return null;
  return { number: whole.readUInt32LE(SALT + 4), data: whole.subarray(HEAD) };
}

/** Of all but itself. */
function checksum(bytes: Buffer, length: number): number {
  return crc32(bytes.subarray(HEAD, HEAD + length), crc32(bytes.subarray(0, SALT + 8)));
}
