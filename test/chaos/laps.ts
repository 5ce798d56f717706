/** What a schedule's time went into, in milliseconds. */
export type Laps = Record<string, number>;

/** Each end of a lap begins the next one. */
export function openLaps(): { laps: Laps; end(name: string): void } {
  const laps: Laps = {};
  let begun = performance.now();
  return {
    laps,
    end(name) {
      const now = performance.now();
      laps[name] = (laps[name] ?? 0) + now - begun;
      begun = now;
    },
  };
}

/** The mean of each lap, in words. */
export function lapWords(all: readonly Laps[]): string {
  const names = [...new Set(all.flatMap((laps) => Object.keys(laps)))];
  const mean = (name: string) => all.reduce((sum, laps) => sum + (laps[name] ?? 0), 0) / all.length / 1000;
  return names.map((name) => `${name} ${mean(name).toFixed(2)} s`).join(', ');
}
