export type TarEntry = {
  readonly path: string;
  /** The file's content. */
  readonly content?: Buffer | string;
  /** Makes it a symbolic link. */
  readonly link?: string;
  readonly mode?: number;
};

const BLOCK = 512;

/** A ustar archive of files and links; equal entries give equal bytes, as all belong to root and to 1970. */
export function tar(entries: Iterable<TarEntry>): Buffer {
  return Buffer.concat([...tarBlocks(entries)]);
}

/** The same archive in pieces, for archives too large to hold twice. */
export function* tarBlocks(entries: Iterable<TarEntry>): Generator<Buffer> {
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '');
    yield header(entry, content.length);
    yield content;
    yield Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function header({ path, link, mode = 0o755 }: TarEntry, size: number): Buffer {
  if (Buffer.byteLength(path) > 100 || Buffer.byteLength(link ?? '') > 100) {
    throw new Error(`Too long for this tar: ${path}`);
  }
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  // The checksum counts its own field as spaces.
  block.write(' '.repeat(8), 148);
  block.write(link === undefined ? '0' : '2', 156);
  block.write(link ?? '', 157);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(octal(sum, 7), 148);
  return block;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}
