import { z } from 'zod';
import { HostName, UserId } from '../domain/ids.ts';
import type { Ask, Asks } from '../ports.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';

const AskSchema = z.strictObject({
  id: z.string(),
  host: HostName,
  command: z.string(),
  user: UserId,
  replyTo: z.string(),
});

/** Questions whose answer is under way; gone when answered, at the latest with their reply address. */
export function openAsks(redis: Redis): Asks {
  return {
    put: (ask, dueAt) =>
      reaching(async () => {
        await redis.set(own.ask(ask.id), JSON.stringify(ask), 'EX', 30 * 60);
        await redis.zadd(own.asksDue, dueAt, ask.id);
      }),
    take: (id) =>
      reaching(async (): Promise<Ask | null> => {
        const json = await redis.getdel(own.ask(id));
        await redis.zrem(own.asksDue, id);
        return json === null ? null : AskSchema.parse(JSON.parse(json));
      }),
    due: (now) => reaching(() => redis.zrangebyscore(own.asksDue, 0, now, 'LIMIT', 0, 100)),
  };
}
