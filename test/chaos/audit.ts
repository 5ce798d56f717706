import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** An entry as it stands in Redis, read without the product's own code. */
export interface RawEntry {
  n: number;
  prev: string;
  hash: string;
  run: number;
  kind: string;
  by?: string;
  host?: string;
  image?: string;
  outcome?: string;
  command?: string;
  state?: string;
  /** On `lost`: the first entry that is not there any more. */
  from?: number;
}
export interface RawHead {
  n: number;
  hash: string;
}
export const NO_HEAD: RawHead = { n: 0, hash: `sha256:${'0'.repeat(64)}` };

/** All entries after `head`, what does not follow from the entry before it, and the first and the last that are said to be lost. */
export async function readAudit(
  redis: Redis,
  head: RawHead,
): Promise<{ entries: RawEntry[]; broken: string[]; lost: { from: number; to: number } | null }> {
  const rows = await redis.xrange('{dimg}:audit', `${head.n + 1}-0`, '+');
  const entries: RawEntry[] = [];
  const broken: string[] = [];
  let last = head;
  let lost: { from: number; to: number } | null = null;
  for (const [id, fields] of rows) {
    const entry = JSON.parse(fields[1] ?? '{}') as RawEntry;
    const { hash, ...body } = entry;
    // What is said openly to be lost may be missing: then nobody but who saw the last of it knows what came before.
    if (entry.kind === 'lost' && (entry.from ?? 0) <= last.n + 1 && entry.n > last.n) {
      lost = { from: last.n + 1, to: entry.n - 1 };
      last = { n: entry.n - 1, hash: entry.prev };
    }
    const fits = id === `${entry.n}-0` && entry.n === last.n + 1 && entry.prev === last.hash;
    const made = `sha256:${createHash('sha256')
      .update(JSON.stringify(ordered(body)))
      .digest('hex')}`;
    if (!fits || made !== hash) broken.push(`audit entry ${id} does not follow from ${last.n}`);
    entries.push(entry);
    last = { n: entry.n, hash };
  }
  return { entries, broken, lost };
}

// --- internal ---

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, ordered(one)]),
  );
}
