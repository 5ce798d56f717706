import { badRequest, failure } from './api-error.ts';
import { type Generation, isModern } from './generation.ts';

/** The `filters` parameter: values by field. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/** Reads `{"label":["a=b"]}`, and `{"label":{"a=b":true}}` as old clients write it. */
export function parseFilters(engine: Generation, text: string | null): Filters {
  if (!text) return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (isModern(engine)) throw badRequest('invalid filter');
    throw failure(`invalid character '${text.trim()[0] ?? ''}' looking for beginning of value`);
  }
  const fields = new Map<string, readonly string[]>();
  for (const [field, given] of Object.entries(value ?? {})) {
    if (Array.isArray(given)) fields.set(field, [...new Set(given.map(String))]);
    else
      fields.set(
        field,
        Object.keys(given ?? {}).filter((key) => given[key]),
      );
  }
  return fields;
}

/** A filter that is not known is refused, never dropped. */
export function acceptOnly(engine: Generation, filters: Filters, ...accepted: readonly string[]): void {
  for (const field of filters.keys()) if (!accepted.includes(field)) throw invalid(engine, field);
}

export const invalidValue = (engine: Generation, field: string, values: readonly string[]) =>
  invalid(engine, `${field}=[${values.join(' ')}]`);

/** Refuses a filter in the engine's words. */
export const invalid = (engine: Generation, what: string, why = '') =>
  badRequest(`${isModern(engine) ? 'invalid' : 'Invalid'} filter '${what}'${why}`);

/** Whether all of `k` and `k=v` are among the labels. */
export function labelsMatch(
  wanted: readonly string[] | undefined,
  labels: Readonly<Record<string, string>> | null,
): boolean {
  if (!wanted || wanted.length === 0) return true;
  return wanted.every((text) => {
    const [, key = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    const found = labels?.[key];
    return found !== undefined && (value === undefined || value === found);
  });
}

/** A pattern of Go's `path.Match`, in which `*` does not cross a slash. */
export function pathPattern(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] ?? '';
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const end = pattern.indexOf(']', i + 2);
      if (end < 0) throw failure('syntax error in pattern');
      source += pattern.slice(i, end + 1);
      i = end;
    } else source += char.replace(/[\\^$.|+(){}]/, '\\$&');
  }
  return new RegExp(`^${source}$`);
}

/** A duration as Go writes it, such as `1h30m`, in milliseconds. */
export function goDuration(text: string): number | null {
  const units: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 };
  if (!/^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  return parts.reduce((sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ''] ?? 0), 0);
}

/** A time as filters take it: a duration back from now, seconds since 1970, or RFC 3339. In milliseconds. */
export function parseMoment(text: string, now: number): number | null {
  const duration = goDuration(text);
  if (duration !== null) return now - duration;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
