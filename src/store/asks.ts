import type { ChainableCommander } from 'ioredis';
import { z } from 'zod';
import { HostName, UserId } from '../domain/ids.ts';
import { ReportBody } from '../domain/protocol.ts';
import { tolerant } from '../domain/tolerant.ts';
import type { Ask, Asks } from '../ports.ts';
import { takeClaim } from './claim.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';

const Stored = tolerant(ReportBody);
const StoredAsk = z.looseObject({
  id: z.string(),
  hosts: z.array(HostName),
  command: z.string(),
  user: UserId,
  replyTo: z.string(),
  channel: z.string().optional(),
});
const LIFE_S = 30 * 60;
/** Renewed while it is being replied to; after it another bot may, since that one has died. */
const TAKEN_S = 60;
const RENEW_MS = 15_000;
/** Longer than Slack takes for a message, or is waited for: who holds it longer may be dead. */
const CLAIM_S = 15;

/**
 * Takes down an answer, or none, and takes the ask once it is complete or must be: it comes up again unless it is told
 * that it was replied to. Keys: ask, answers, due, taken. Arguments: id, host, answer, life, whether incomplete will do,
 * for how long it is taken.
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
if not redis.call('SET', KEYS[4], '1', 'NX', 'EX', ARGV[6]) then return nil end
redis.call('ZADD', KEYS[3], redis.call('TIME')[1] * 1000 + ARGV[6] * 1000, ARGV[1])
return {ask, answers}`;

/** Keys: due, taken. Arguments: id, for how long it is taken. */
const KEEP = `
if redis.call('EXPIRE', KEYS[2], ARGV[2]) == 1 then
  redis.call('ZADD', KEYS[1], 'XX', redis.call('TIME')[1] * 1000 + ARGV[2] * 1000, ARGV[1])
end`;

/** Questions whose answers are under way; gone when replied to, at the latest with their reply address. */
export function openAsks(redis: Redis): Asks {
  const settle = (id: string, host: string, body: string, incomplete: boolean) =>
    reaching(async () => {
      const keys = [own.ask(id), own.answers(id), own.asksDue, own.taken(id)];
      const args = [id, host, body, String(LIFE_S), incomplete ? '1' : '', String(TAKEN_S)];
      const taken = (await redis.eval(ANSWER, 4, ...keys, ...args)) as [string, string[]] | null;
      if (!taken) {
        // One that outlived its reply address must not come up for ever.
        if (incomplete && !(await redis.exists(own.ask(id)))) await redis.zrem(own.asksDue, id);
        return null;
      }
      const [ask, pairs] = taken;
      const answers = new Map<HostName, ReportBody>();
      for (let i = 0; i < pairs.length; i += 2)
        answers.set(HostName.parse(pairs[i]), bodyOf(pairs[i + 1] ?? ''));
      return { ask: StoredAsk.parse(JSON.parse(ask)) as Ask, answers };
    });
  return {
    put: (ask, dueAt) =>
      reaching(async () => {
        await together(
          redis
            .multi()
            .set(own.ask(ask.id), JSON.stringify(ask), 'EX', LIFE_S)
            .zadd(own.asksDue, dueAt, ask.id),
        );
      }),
    answer: (id, host, body) => settle(id, host, JSON.stringify(body), false),
    take: (id) => settle(id, '', '', true),
    claim: (delivery) => reaching(() => takeClaim(redis, own.answered(delivery), CLAIM_S)),
    async during(id, work) {
      const renewal = setInterval(() => {
        redis.eval(KEEP, 2, own.asksDue, own.taken(id), id, String(TAKEN_S)).catch(() => undefined);
      }, RENEW_MS).unref();
      try {
        return await work;
      } finally {
        clearInterval(renewal);
      }
    },
    replied: (id) =>
      reaching(async () => {
        await together(redis.multi().del(own.ask(id), own.answers(id), own.taken(id)).zrem(own.asksDue, id));
      }),
    due: (now) => reaching(() => redis.zrangebyscore(own.asksDue, 0, now, 'LIMIT', 0, 100)),
  };
}

// --- internal ---

function bodyOf(text: string): ReportBody {
  const body = Stored.safeParse(JSON.parse(text));
  if (body.success) return body.data;
  const message = 'its answer was taken by a newer bot, and this one can not read it: ask again';
  return { kind: 'refused', why: { kind: 'refused', message } };
}

/** Both or neither; rejects where either failed. */
async function together(commands: ChainableCommander): Promise<void> {
  const failed = (await commands.exec())?.find(([error]) => error)?.[0];
  if (failed) throw failed;
}
