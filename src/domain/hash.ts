// A hash of its argument is pure; it is the one thing of Node that this floor uses.
import { createHash } from 'node:crypto';

/** SHA-256 of UTF-8 text, as `sha256:<64 hex>`. */
export function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
}

/**
 * JSON with sorted keys and without absent values, so that equal data has equal text. Keys that are whole numbers come
 * first, in their order, as JavaScript has them.
 */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? 'null';
}

// --- internal ---

/** A sorted copy, since to write one text is far quicker than to join thousands. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const fields = value as Record<string, unknown>;
  // Without a prototype `__proto__` is a key like any other.
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(fields).sort()) copy[key] = sorted(fields[key]);
  return copy;
}
