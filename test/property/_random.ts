/** Draws from a seed; the same seed draws the same, on every machine. */
export interface Random {
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  /** True with this probability. */
  chance(p: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** A part of the list, in its order, each with this probability. */
  some<T>(list: readonly T[], p: number): T[];
  shuffled<T>(list: readonly T[]): T[];
}

/** `mulberry32`, by Tommy Ettinger, in the public domain: 32 bits of state are plenty for a test. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  const chance = (p: number) => next() < p;
  return {
    below,
    chance,
    pick: (list) => {
      const found = list[below(list.length)];
      if (found === undefined) throw new Error('Nothing can be picked from nothing.');
      return found;
    },
    some: (list, p) => list.filter(() => chance(p)),
    shuffled: (list) => {
      const left = [...list];
      return list.map(() => left.splice(below(left.length), 1)[0] as (typeof list)[number]);
    },
  };
}
