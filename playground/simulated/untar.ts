import { Buffer } from 'node:buffer';
import { gunzipSync } from 'node:zlib';

export type TarFile = {
  readonly path: string;
  readonly content: Buffer;
  /** What it takes on a disk: a symbolic link as much as its target's name. */
  readonly size: number;
};

const BLOCK = 512;

/** What a disk takes for files, in blocks of 4 kB: each folder has one as well, and a link none. */
export function diskUsage(files: readonly TarFile[]): number {
  const folders = new Set(['']);
  for (const { path } of files)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1))
      folders.add(path.slice(0, at));
  const blocks = files.reduce((sum, { content }) => sum + Math.ceil(content.length / 4096), 0);
  return 4096 * (folders.size + blocks);
}

/** Reads a tar archive, packed or not; `null` where it is none. Only files and links are of interest here. */
export function untar(archive: Buffer): readonly TarFile[] | null {
  if (archive[0] === 0x1f && archive[1] === 0x8b) return untar(gunzipSync(archive));
  const files: TarFile[] = [];
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return files;
    if (!sumFits(header)) return null;
    const size = Number.parseInt(text(header, 124, 12), 8) || 0;
    const type = text(header, 156, 1);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) return null;
    const prefix = text(header, 345, 155);
    const name = longName ?? `${prefix && `${prefix}/`}${text(header, 0, 100)}`;
    longName = type === 'L' ? content.toString().replace(/\0.*$/s, '') : undefined;
    const path = name.replace(/^(\.?\/)+/, '').replace(/\/$/, '');
    if (type === '0' || type === '') files.push({ path, content, size });
    else if (type === '1') files.push({ path, content: Buffer.alloc(0), size: 0 });
    else if (type === '2')
      files.push({ path, content: Buffer.alloc(0), size: text(header, 157, 100).length });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  // Go's reader asks for the blocks of zeroes at the end only of an empty archive.
  return files.length > 0 ? files : null;
}

// --- internal ---

function text(block: Buffer, start: number, length: number): string {
  return block
    .subarray(start, start + length)
    .toString()
    .replace(/\0.*$/s, '')
    .trim();
}

function sumFits(header: Buffer): boolean {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] ?? 0);
  return sum === Number.parseInt(text(header, 148, 8), 8);
}
