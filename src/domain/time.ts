import { z } from 'zod';
import { plural } from './markup.ts';

/** A moment as people give it: so long ago, or a date. Milliseconds. */
export const Moment = z.union([
  z.strictObject({ ago: z.number().nonnegative() }),
  z.strictObject({ at: z.number() }),
]);
export type Moment = z.infer<typeof Moment>;

const UNIT = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** `90s`, `15m`, `1h30m`, `7d`, `2w` in milliseconds; `null` for anything else. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g))
    total += Number(amount) * UNIT[unit as keyof typeof UNIT];
  return total <= 1000 * 365 * UNIT.d ? total : null;
}

/** A duration, an RFC 3339 time or date, or Unix seconds, as Docker's `until` takes them. */
export function parseMoment(text: string): Moment | null {
  const ago = parseDuration(text);
  if (ago !== null) return { ago };
  if (/^\d{9,11}$/.test(text)) return { at: Number(text) * 1000 };
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/i.test(text)) return null;
  // `Date.parse` takes the 31st of February for the 3rd of March.
  if (new Date(text.slice(0, 10)).getUTCDate() !== Number(text.slice(8, 10))) return null;
  // Without a zone UTC is meant: the host's own zone would make one command mean different things on two hosts.
  const zoned = /T/i.test(text) && !/(?:Z|[+-]\d\d:\d\d)$/i.test(text) ? `${text}Z` : text;
  const at = Date.parse(zoned);
  return Number.isNaN(at) ? null : { at };
}

export function cutoff(moment: Moment, now: number): number {
  return 'at' in moment ? moment.at : now - moment.ago;
}

/** The two largest units, `1h30m`, `90d`, `2w`; under a second `0s`. */
export function formatDuration(ms: number, most = 2): string {
  let rest = Math.max(0, Math.floor(ms / 1000)) * 1000;
  const parts: string[] = [];
  for (const unit of ['w', 'd', 'h', 'm', 's'] as const) {
    // Weeks only where nothing is left of them: nobody types "12w6d", and reads it as 90 days.
    if (unit === 'w' && rest % UNIT.w !== 0) continue;
    const n = Math.floor(rest / UNIT[unit]);
    if (n > 0) parts.push(`${n}${unit}`);
    rest -= n * UNIT[unit];
  }
  return parts.slice(0, most).join('') || '0s';
}

/** An age as people say it: the one largest unit. */
export function formatAge(ms: number): string {
  const days = ms / UNIT.d;
  if (days >= 730) return `${Math.floor(days / 365)} years`;
  if (days >= 60) return `${Math.floor(days / 30)} months`;
  if (days >= 2) return `${Math.floor(days)} days`;
  if (ms >= 2 * UNIT.h) return `${Math.floor(ms / UNIT.h)} hours`;
  if (ms >= 2 * UNIT.m) return `${Math.floor(ms / UNIT.m)} minutes`;
  return plural(Math.max(0, Math.floor(ms / UNIT.s)), 'second');
}

/** As one would type it: it means exactly the same again. */
export function formatMoment(moment: Moment): string {
  if ('at' in moment) return new Date(moment.at).toISOString().replace('.000Z', 'Z');
  const below = moment.ago % UNIT.s;
  if (below === 0) return formatDuration(moment.ago, Infinity);
  return `${moment.ago < UNIT.s ? '' : formatDuration(moment.ago, Infinity)}${below}ms`;
}
