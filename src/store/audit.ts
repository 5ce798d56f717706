import { Entry } from '../domain/audit.ts';
import { UserError } from '../domain/error.ts';
import { code, say } from '../domain/markup.ts';
import type { Audit } from '../ports.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';

/** The audit stream, read; it is written only together with the run that it is about. */
export function openAudit(redis: Redis): Audit {
  return {
    read: ({ count, before }) =>
      reaching(async () => {
        const from = before === undefined ? '+' : `(${before}-0`;
        const rows = await redis.xrevrange(own.audit, from, '-', 'COUNT', count);
        return rows.map(([id, [, json]]) => entryOf(id, json ?? ''));
      }),
    texts: ({ count, after, upTo = '+' }) =>
      reaching(async () => {
        const rows = await redis.xrange(own.audit, after === null ? '-' : `(${after}`, upTo, 'COUNT', count);
        return rows.map(([id, [, text]]) => ({ id, text: text ?? '' }));
      }),
    newest: () =>
      reaching(async () => {
        const [last, head] = (await redis
          .multi()
          .xrevrange(own.audit, '+', '-', 'COUNT', 1)
          .hgetall(own.auditHead)
          .exec()) as [[Error | null, [string, string[]][]], [Error | null, Record<string, string>]];
        const failed = last[0] ?? head[0];
        if (failed) throw failed;
        const { n, hash } = head[1];
        return {
          id: last[1][0]?.[0] ?? null,
          recorded: n === undefined || hash === undefined ? null : { n: Number(n) || 0, hash },
        };
      }),
    channels: () => reaching(async () => (await redis.smembers(own.channels)).sort()),
  };
}

// --- internal ---

/** What is no entry was put there by others: to leave it out would hide it. */
function entryOf(id: string, text: string): Entry {
  try {
    return Entry.parse(JSON.parse(text));
  } catch (error) {
    const number = id.replace(/-0$/, '');
    throw new UserError(say`Entry ${number} of the audit can't be read: see ${code('/dimg verify')}.`, {
      cause: error,
    });
  }
}
