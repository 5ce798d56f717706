import type { FileHandle } from 'node:fs/promises';
import { GENESIS, type Head } from '../domain/audit.ts';
import { code, type Markup, say } from '../domain/markup.ts';
import { owns, readEntry } from '../domain/verify-entry.ts';
import type { Audit } from '../ports.ts';
import { readTail } from './tail.ts';

const PAGE = 500;

/**
 * Brings a mirror up to date: what Redis has after the file's last entry, a line each, on disk before it resolves.
 * Resolves to why it can't go on, where Redis does not hold what the file does: then nothing is written. A line that
 * a crash has cut is made whole first; `repaired` hears of it.
 */
export async function append(
  handle: FileHandle,
  audit: Pick<Audit, 'texts'>,
  repaired: () => void,
): Promise<Markup | null> {
  const { line, end, torn } = await readTail(handle);
  // An entry that lacks nothing but its line break is the last one.
  const unended = headOf(torn.toString());
  const text = unended ? torn.toString() : line;
  const last = text === null ? GENESIS : headOf(text);
  if (!last) return NONE;
  if (text !== null) {
    const [there] = await audit.texts({ after: placeOf(last.n - 1), count: 1 });
    const next = there && readEntry(there.text);
    // What Redis owns up to having lost the file may well have.
    if (!(next?.sound && next.n > last.n && owns(next, last.n)) && there?.id !== placeOf(last.n))
      return say`the mirror file ends at ${last.n}, and Redis has no entry ${last.n}: it was cut, emptied or set back`;
    if (there?.id === placeOf(last.n) && there.text !== text)
      return say`the mirror file ends at ${last.n}, and Redis has another entry ${last.n}: it was edited or made anew`;
  }
  let position = end;
  if (unended) {
    position += torn.length;
    await writeAt(handle, Buffer.from('\n'), position++);
    await handle.sync();
    repaired();
  } else if (torn.length > 0) {
    const [next] = await audit.texts({ after: placeOf(last.n), count: 1 });
    // Only what Redis can give back is taken away.
    if (!next || !Buffer.from(next.text).subarray(0, torn.length).equals(torn))
      return line === null
        ? NONE
        : say`the mirror file breaks off after entry ${last.n} in what Redis does not have there: the file was edited, or Redis set back`;
    await handle.truncate(end);
    repaired();
  }
  return goOn(handle, audit, last, position);
}

/** The head that a line of a mirror is; `null` for what is no entry. */
export function headOf(line: string): Head | null {
  const entry = readEntry(line);
  return entry.sound ? { n: entry.n, hash: entry.hash } : null;
}

// --- internal ---

const NONE = say`the mirror file is none: its last line is no entry of an audit`;

const placeOf = (n: number): string => `${n}-0`;

async function goOn(
  handle: FileHandle,
  audit: Pick<Audit, 'texts'>,
  from: Head,
  end: number,
): Promise<Markup | null> {
  let last = from;
  let position = end;
  for (;;) {
    const page = await audit.texts({ after: placeOf(last.n), count: PAGE });
    const lines: string[] = [];
    let strange = false;
    for (const { text } of page) {
      const entry = readEntry(text);
      const follows = entry.sound && entry.n === last.n + 1 && entry.prev === last.hash;
      const skips = entry.sound && entry.n > last.n + 1 && owns(entry, last.n);
      strange = !follows && !skips;
      if (!entry.sound || strange) break;
      lines.push(`${text}\n`);
      last = { n: entry.n, hash: entry.hash };
    }
    if (lines.length > 0) {
      const bytes = Buffer.from(lines.join(''));
      await writeAt(handle, bytes, position);
      await handle.sync();
      position += bytes.length;
    }
    if (strange)
      return say`the mirror file ends at ${last.n}: what Redis has after it does not follow, see ${code('/dimg verify')}`;
    if (page.length < PAGE) return null;
  }
}

/** At its place in the file, not at the file's end: who writes the same entries twice writes the same bytes. */
async function writeAt(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
