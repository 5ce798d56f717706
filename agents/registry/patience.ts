import { setTimeout as sleep } from 'node:timers/promises';
import type { Limits } from './limits.ts';
import type { Answer } from './line.ts';
import type { Removal } from './ports.ts';

/**
 * Asks again what came too soon: after a 429 for sure nothing has been done. Gives the last answer where the registry
 * wants more patience than `limits` have. `stop` ends the waiting with the answer that there is.
 */
export async function patiently<T extends Answer>(
  ask: () => Promise<T>,
  limits: Pick<Limits, 'waitMs' | 'repeats'>,
  stop: AbortSignal,
  now: () => number = Date.now,
): Promise<T> {
  for (let repeats = 0; ; repeats++) {
    const answer = await ask();
    if (answer.status !== 429 || repeats >= limits.repeats) return answer;
    const waitMs = retryAfterMs(answer.headers['retry-after'], now()) ?? 1000 * 2 ** repeats;
    if (waitMs > limits.waitMs) return answer;
    await sleep(waitMs, undefined, { signal: stop }).catch(() => {});
    if (stop.aborted) return answer;
  }
}

/** The same of a deletion of what need not be looked at before. */
export async function insistently(
  attempt: () => Promise<Removal>,
  most: number,
  stop: AbortSignal,
): Promise<Removal> {
  for (let repeats = 0; ; repeats++) {
    const result = await attempt();
    if (result.kind !== 'trouble' || result.againMs === undefined || repeats >= most) return result;
    await sleep(result.againMs, undefined, { signal: stop }).catch(() => {});
    if (stop.aborted) return result;
  }
}

/** Seconds or a date (RFC 9110 §10.2.3), in milliseconds from now; `null` where it is neither. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
