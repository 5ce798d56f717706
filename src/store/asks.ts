import { z } from 'zod';
import { HostName, UserId } from '../domain/ids.ts';
import { ReportBody } from '../domain/protocol.ts';
import type { Ask, Asks } from '../ports.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';

const AskSchema = z.strictObject({
  id: z.string(),
  hosts: z.array(HostName),
  command: z.string(),
  user: UserId,
  replyTo: z.string(),
  channel: z.string().optional(),
});
const LIFE_S = 30 * 60;

/**
 * Takes down an answer, or none, and takes the ask once it is complete or must be. Keys: ask, answers, due.
 * Arguments: id, host, answer, life, whether incomplete will do.
 */
const ANSWER = `
local ask = redis.call('GET', KEYS[1])
if not ask then return nil end
local hosts = cjson.decode(ask).hosts
if ARGV[2] ~= '' then
  local asked = false
  for _, host in ipairs(hosts) do asked = asked or host == ARGV[2] end
  if not asked then return nil end
  redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
if ARGV[5] ~= '1' and redis.call('HLEN', KEYS[2]) < #hosts then return nil end
local answers = redis.call('HGETALL', KEYS[2])
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
return {ask, answers}`;

/** Questions whose answers are under way; gone when replied to, at the latest with their reply address. */
export function openAsks(redis: Redis): Asks {
  const settle = (id: string, host: string, body: string, incomplete: boolean) =>
    reaching(async () => {
      const keys = [own.ask(id), own.answers(id), own.asksDue];
      const args = [id, host, body, String(LIFE_S), incomplete ? '1' : ''];
      const taken = (await redis.eval(ANSWER, 3, ...keys, ...args)) as [string, string[]] | null;
      if (!taken) {
        // One that outlived its reply address must not come up for ever.
        if (incomplete) await redis.zrem(own.asksDue, id);
        return null;
      }
      const [ask, pairs] = taken;
      const answers = new Map<HostName, ReportBody>();
      for (let i = 0; i < pairs.length; i += 2)
        answers.set(HostName.parse(pairs[i]), ReportBody.parse(JSON.parse(pairs[i + 1] ?? '')));
      return { ask: AskSchema.parse(JSON.parse(ask)) as Ask, answers };
    });
  return {
    put: (ask, dueAt) =>
      reaching(async () => {
        await redis.set(own.ask(ask.id), JSON.stringify(ask), 'EX', LIFE_S);
        await redis.zadd(own.asksDue, dueAt, ask.id);
      }),
    answer: (id, host, body) => settle(id, host, JSON.stringify(body), false),
    take: (id) => settle(id, '', '', true),
    due: (now) => reaching(() => redis.zrangebyscore(own.asksDue, 0, now, 'LIMIT', 0, 100)),
  };
}
