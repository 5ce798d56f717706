import { GENESIS, type Head } from '../domain/audit.ts';
import type { Redis } from './connect.ts';
import { own } from './keys.ts';

/** The head that is recorded beside the stream. */
export async function readHead(redis: Redis): Promise<Head> {
  const { n, hash } = await redis.hgetall(own.auditHead);
  return n === undefined || hash === undefined ? GENESIS : { n: Number(n), hash };
}
