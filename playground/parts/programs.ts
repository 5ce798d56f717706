import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** The first of these programs that is there: a whole path, or on the PATH, or in the folders where servers live and users don't look. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/bin',
  ];
  for (const name of names) {
    if (isAbsolute(name) && isProgram(name)) return name;
    for (const folder of folders) {
      const path = join(folder, name);
      if (folder !== '' && isProgram(path)) return path;
    }
  }
  return undefined;
}

/** Whether a program runs without a loader and libraries, so that it can stand alone in an image. */
export function isStatic(path: string): boolean {
  const elf = readFileSync(path);
  const interpreterSegment = 3;
  const start = Number(elf.readBigUInt64LE(0x20));
  const [size, count] = [elf.readUInt16LE(0x36), elf.readUInt16LE(0x38)];
  return !Array.from({ length: count }, (_, i) => elf.readUInt32LE(start + i * size)).includes(
    interpreterSegment,
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
