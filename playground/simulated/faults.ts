/** Which requests a fault is for: all of them, or those whose `DELETE /images/app:1` fits. */
export type Match = string | RegExp | undefined;

export type Faults = {
  /** Lets matching requests wait before anything is done. Returns what ends it. */
  slow(ms: number, match?: Match): () => void;
  /** The next matching request fails, and nothing is done. */
  failNext(match: Match, status: number, message: string): void;
  /** The next matching request is carried out, and its connection cut in mid-body. */
  cut(match?: Match): void;
};

export type Fate = {
  readonly waitMs: number;
  readonly fail: { readonly status: number; readonly message: string } | null;
  readonly cut: boolean;
};

export function createFaults(latencyMs: number) {
  const slowed = new Set<{ ms: number; match: Match }>();
  const failing: { match: Match; status: number; message: string }[] = [];
  const cutting: { match: Match }[] = [];
  const faults: Faults = {
    slow(ms, match) {
      const fault = { ms, match };
      slowed.add(fault);
      return () => slowed.delete(fault);
    },
    failNext(match, status, message) {
      failing.push({ match, status, message });
    },
    cut(match) {
      cutting.push({ match });
    },
  };
  /** What is to become of a request; faults that happen once are used up. */
  const fateOf = (what: string): Fate => ({
    waitMs: [...slowed].filter(({ match }) => fits(match, what)).reduce((sum, { ms }) => sum + ms, latencyMs),
    fail: take(failing, what),
    cut: take(cutting, what) !== null,
  });
  return { faults, fateOf };
}

// --- internal ---

function fits(match: Match, what: string): boolean {
  if (match === undefined) return true;
  return typeof match === 'string' ? what.includes(match) : match.test(what);
}

function take<T extends { match: Match }>(waiting: T[], what: string): T | null {
  const at = waiting.findIndex(({ match }) => fits(match, what));
  return at < 0 ? null : (waiting.splice(at, 1)[0] ?? null);
}
