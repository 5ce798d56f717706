import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AllOptions } from './run-all.ts';
import { runAll } from './run-all.ts';
import { SABOTAGES, type Sabotage } from './sabotages.ts';

export interface Sabotaged {
  sabotage: Sabotage;
  /** How many schedules it took until one was red; null where none was. */
  red: number | null;
  by: string;
}

/** Runs schedules on the product without one of its guards, until one is red. Throws where the guard is not found. */
export async function runSabotaged(
  sabotage: Sabotage,
  options: Omit<AllOptions, 'dist' | 'untilRed'> & { dist: string },
): Promise<Sabotaged> {
  const dir = withoutGuard(sabotage, options.dist);
  try {
    const { results, red, leaks } = await runAll({
      ...options,
      ...(sabotage.kinds && { kinds: sabotage.kinds }),
      ...(sabotage.drawing && { drawing: sabotage.drawing }),
      dist: join(dir, 'dist'),
      untilRed: true,
    });
    const by = red[0]?.violations[0] ?? leaks[0] ?? '';
    return { sabotage, red: by === '' ? null : results.length, by };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The sabotages of these names; `all` are all. Throws for a name that there is not. */
export function sabotagesOf(names: string): readonly Sabotage[] {
  if (names === 'all') return SABOTAGES;
  return names.split(',').map((name) => {
    const found = SABOTAGES.find((one) => one.name === name);
    if (!found)
      throw new Error(`There is no sabotage ${name}: ${SABOTAGES.map((one) => one.name).join(', ')}.`);
    return found;
  });
}

/** A folder with the built product in `dist`, where a guard is missing. */
export function withoutGuard({ name, patches }: Sabotage, dist: string): string {
  const dir = mkdtempSync(join(tmpdir(), `dimg-without-${name}-`));
  const root = join(dist, '..');
  cpSync(dist, join(dir, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(dir, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  for (const { file, from, to } of patches) {
    const path = join(dir, 'dist', file);
    const parts = readFileSync(path, 'utf8').split(from);
    if (parts.length !== 2)
      throw new Error(`${name}: what it takes away stands ${parts.length - 1} times in ${file}: ${from}`);
    writeFileSync(path, parts.join(to));
  }
  return dir;
}
