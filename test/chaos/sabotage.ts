import { patched } from './patched.ts';
import { type AllOptions, runAll } from './run-all.ts';
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
  options: Omit<AllOptions, 'untilRed'>,
): Promise<Sabotaged> {
  const { name, patches, kinds = options.kinds, drawing = {} } = sabotage;
  const without = patched(`without-${name}`, patches, options.dist);
  try {
    const { dist } = without;
    const { results, red, leaks } = await runAll({ ...options, kinds, drawing, dist, untilRed: true });
    const by = red[0]?.violations[0] ?? leaks[0] ?? '';
    return { sabotage, red: by === '' ? null : results.length, by };
  } finally {
    without.remove();
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
