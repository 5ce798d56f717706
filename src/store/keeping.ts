import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { chain, GENESIS } from '../domain/audit.ts';
import { Known, key } from '../domain/protocol.ts';
import { Run } from '../domain/run.ts';
import { tolerant } from '../domain/tolerant.ts';
import type { Clock, Keeping, Memory, News } from '../ports.ts';
import { readHead } from './audit-head.ts';
import { type Redis, reaching } from './connect.ts';
import { takeHold } from './hold.ts';
import { own } from './keys.ts';
import type { OwnMemory } from './memory.ts';
import { IN_DOUBT, IS_WHOLE, sure, WHOLE } from './whole.ts';

const StoredRun = tolerant(Run);
const DAY_S = 86_400;
/** What bots wrote in doubt is of no use later. */
const REMIND_S = 60;
/** A claim beyond this is nobody's count. */
const MOST = 2 ** 50;

const MemorySchema = z.object({
  head: z.object({ n: z.number(), hash: z.string() }),
  run: z.number(),
  runs: z.array(z.unknown()),
});
const NewsSchema = z.object({ channels: z.array(z.string()), lines: z.array(z.string()) });

/** Everything of one instant. Keys: whole, head, number, known, seen, bots, audit. */
const LOOK = `${WHOLE}
return {whole(KEYS[1]) and 1 or 0, redis.call('HGETALL', KEYS[2]), redis.call('GET', KEYS[3]) or '0',
  redis.call('XREVRANGE', KEYS[7], '+', '-', 'COUNT', 1), redis.call('HGETALL', KEYS[4]), redis.call('ZRANGE', KEYS[5], 0, -1, 'WITHSCORES'), redis.call('HVALS', KEYS[6])}`;

/** Keys: whole, once, audit, head. Arguments: the head's number, life, n and hash of the new head, then numbers and entries. */
const STRAY = `${WHOLE}
if not whole(KEYS[1]) then return ${IN_DOUBT} end
if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end
if (redis.call('HGET', KEYS[4], 'n') or '0') ~= ARGV[1] then return 0 end
for i = 5, #ARGV, 2 do redis.call('XADD', KEYS[3], ARGV[i] .. '-0', 'e', ARGV[i + 1]) end
redis.call('HSET', KEYS[4], 'n', ARGV[3], 'hash', ARGV[4])
redis.call('SET', KEYS[2], '1', 'EX', ARGV[2])
return 1`;
/** Whether Redis still has what it had, and the way to put back what it has not. */
export function openKeeping(redis: Redis, memory: OwnMemory, clock: Clock, keepDays: number): Keeping {
  const me = randomUUID();

  return {
    memory: memory.now,
    isWhole: () => reaching(async () => (await redis.eval(IS_WHOLE, 1, own.whole)) === 1),
    look: () =>
      reaching(async () => {
        const keys = [own.whole, own.auditHead, own.runNumber, key.known, key.seen, own.bots, own.audit];
        const [whole, head, run, [last], known, seen, bots] = (await redis.eval(LOOK, 7, ...keys)) as Looked;
        const { n, hash } = Object.fromEntries(pairs(head));
        return {
          whole: whole === 1,
          head: n === undefined || hash === undefined ? GENESIS : { n: Number(n), hash },
          run: Number(run),
          last: Number.parseInt(last?.[0] ?? '0', 10),
          known: new Map(pairs(known).flatMap(([host, text]) => readKnown(host, text))),
          seen: new Map(pairs(seen).map(([host, at]) => [host, Number(at)])),
          bots: bots.flatMap(readMemory),
        };
      }),
    remind: () =>
      reaching(async () => {
        await redis.hset(own.bots, me, JSON.stringify(atMost(memory.now())));
        await redis.expire(own.bots, REMIND_S);
      }),
    doubt: () => reaching(async () => void (await redis.del(own.whole))),
    hold: (ms) => reaching(() => takeHold({ redis, memory, clock, keepDays }, ms)),
    stray: (run, { job, seq }, facts) =>
      reaching(async () => {
        if ((await redis.sismember(own.over, String(run))) === 1) return;
        for (;;) {
          const head = await readHead(redis);
          const entries = chain(head, facts);
          const last = entries.at(-1);
          if (!last) return;
          const result = await redis.eval(
            ...([STRAY, 4, own.whole, own.stray(job, seq), own.audit, own.auditHead] as const),
            ...[String(head.n), String(keepDays * DAY_S), String(last.n), last.hash],
            ...entries.flatMap((entry) => [String(entry.n), JSON.stringify(entry)]),
          );
          if (sure(result) === 1) return memory.saw({ n: last.n, hash: last.hash });
        }
      }),
    news: () =>
      reaching(async () => {
        const text = await redis.lpop(own.news);
        return text === null ? null : (NewsSchema.safeParse(tryJson(text)).data ?? null);
      }),
    later: (news: News) => reaching(async () => void (await redis.rpush(own.news, JSON.stringify(news)))),
  };
}

// --- internal ---

/** The newest of what a bot remembers: more than a slow line takes in time would be no help to anybody. */
function atMost({ runs, ...rest }: Memory): Memory {
  let left = MOST_REMINDED;
  const newest = runs.toReversed().filter((run) => {
    left -= JSON.stringify(run).length;
    return left > 0;
  });
  return { ...rest, runs: newest };
}

/** Characters. */
const MOST_REMINDED = 1_000_000;

type Looked = [number, string[], string, [string, string[]][], string[], string[], string[]];

const pairs = (list: readonly string[]): [string, string][] =>
  list.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, list[i + 1] ?? '']] : []));

function readKnown(host: string, text: string): [string, Known][] {
  const known = Known.safeParse(tryJson(text)).data;
  if (!known || (known.run ?? 0) > MOST || (known.audit?.n ?? 0) > MOST) return [];
  return [[host, known]];
}

function readMemory(text: string): Memory[] {
  const memory = MemorySchema.safeParse(tryJson(text)).data;
  if (!memory) return [];
  return [{ ...memory, runs: memory.runs.flatMap((one) => StoredRun.safeParse(one).data ?? []) }];
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
