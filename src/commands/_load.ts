import { readdir } from 'node:fs/promises';
import type { Command } from './_define.ts';

/** Every command of this folder by its file's name, a dash being a space, so that a new file is a new command. */
export async function loadCommands(): Promise<ReadonlyMap<string, Command>> {
  const files = await readdir(import.meta.dirname);
  const names = [...new Set(files.map((file) => /^([a-z][a-z-]*)\.(?:ts|js)$/.exec(file)?.[1] ?? ''))].filter(
    (name) => name !== '',
  );
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const loaded = await Promise.all(
    names.sort().map(async (name): Promise<[string, Command]> => {
      const module = (await import(`./${name}.${extension}`)) as { default: Omit<Command, 'name'> };
      const spoken = name.replace('-', ' ');
      return [spoken, { ...module.default, name: spoken } as Command];
    }),
  );
  return new Map(loaded);
}
