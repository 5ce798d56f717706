import { Entry } from '../domain/audit.ts';
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
        return rows.map(([, [, json]]) => Entry.parse(JSON.parse(json ?? '')));
      }),
  };
}
