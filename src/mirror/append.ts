import type { FileHandle } from 'node:fs/promises';
import { GENESIS, type Head } from '../domain/audit.ts';
import { code, type Markup, say } from '../domain/markup.ts';
import { readEntry } from '../domain/verify-entry.ts';
import type { Audit } from '../ports.ts';
import { readTail } from './tail.ts';

const PAGE = 500;

/**
 * Brings a mirror up to date: what Redis has after the file's last entry, a line each, on disk before it resolves.
 * Resolves to why it can't go on, where Redis does not hold what the file does: then nothing is written. A line that
 * a crash has cut is taken away first; `repaired` hears of it.
 */
export async function append(
  handle: FileHandle,
  audit: Pick<Audit, 'texts'>,
  repaired: () => void,
): Promise<Markup | null> {
  const { line, end, torn } = await readTail(handle);
  const last = line === null ? GENESIS : headOf(line);
  if (!last || (line === null && torn !== '' && !torn.startsWith('{')))
    return say`the mirror file is none: its last line is no entry of an audit`;
  if (line !== null) {
    const [there] = await audit.texts({ after: placeOf(last.n - 1), count: 1 });
    if (there?.id !== placeOf(last.n))
      return say`the mirror file ends at ${last.n}, and Redis has no entry ${last.n}: it was cut, emptied or set back`;
    if (there.text !== line)
      return say`the mirror file ends at ${last.n}, and Redis has another entry ${last.n}: it was edited or made anew`;
  }
  if (torn !== '') {
    await handle.truncate(end);
    repaired();
  }
  return goOn(handle, audit, last, end);
}

/** The head that a line of a mirror is; `null` for what is no entry. */
export function headOf(line: string): Head | null {
  const entry = readEntry(line);
  return entry.sound ? { n: entry.n, hash: entry.hash } : null;
}

// --- internal ---

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
      strange = !entry.sound || entry.n !== last.n + 1 || entry.prev !== last.hash;
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
