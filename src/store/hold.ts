import { randomUUID } from 'node:crypto';
import { chain, type Head } from '../domain/audit.ts';
import { lookAt } from '../domain/due.ts';
import { key } from '../domain/protocol.ts';
import { isFinal, Run } from '../domain/run.ts';
import { tolerant } from '../domain/tolerant.ts';
import type { Clock, Hold } from '../ports.ts';
import { readHead } from './audit-head.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';
import type { OwnMemory } from './memory.ts';
import { openReading } from './reading.ts';
import { WHOLE } from './whole.ts';

const StoredRun = tolerant(Run);
const DAY_S = 86_400;

/** Lua: only who holds the lock puts back, and only as long as nobody stores anything else. Key 1: the lock, key 2: whole. */
const HELD = `${WHOLE}
if redis.call('GET', KEYS[1]) ~= ARGV[1] or whole(KEYS[2]) then return redis.error_reply('NOTHELD another bot puts back') end
`;
/** Keys: lock, whole, audit, head. Arguments: token, n and hash of the head, then numbers and entries. */
const ENTRIES = `${HELD}
for i = 4, #ARGV, 2 do redis.call('XADD', KEYS[3], ARGV[i] .. '-0', 'e', ARGV[i + 1]) end
redis.call('HSET', KEYS[4], 'n', ARGV[2], 'hash', ARGV[3])
return 1`;
/**
 * Keys: lock, whole, run, due, cards, cancel, by, channels, delivery. Arguments: token, rev of the one that is there, rev,
 * run, life, when due, number, now, whether its card is to be written, whether it is being cancelled, channel, delivery.
 */
const PUT = `${HELD}
if (redis.call('HGET', KEYS[3], 'rev') or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[3], 'rev', ARGV[3], 'json', ARGV[4])
redis.call('EXPIRE', KEYS[3], ARGV[5])
if ARGV[6] == '' then redis.call('ZREM', KEYS[4], ARGV[7]) else redis.call('ZADD', KEYS[4], ARGV[6], ARGV[7]) end
if ARGV[9] == '1' then redis.call('ZADD', KEYS[5], 'NX', ARGV[8], ARGV[7]) else redis.call('ZREM', KEYS[5], ARGV[7]) end
if ARGV[10] == '1' then redis.call('SET', KEYS[6], '1', 'EX', 86400) end
redis.call('ZADD', KEYS[7], ARGV[7], ARGV[7])
redis.call('ZREMRANGEBYRANK', KEYS[7], 0, -101)
redis.call('EXPIRE', KEYS[7], ARGV[5])
redis.call('SADD', KEYS[8], ARGV[11])
if ARGV[12] ~= '' then redis.call('SET', KEYS[9], '1', 'EX', 86400) end
return 1`;
/** Keys: lock, whole, number. */
const NUMBER = `${HELD}
if tonumber(ARGV[2]) > tonumber(redis.call('GET', KEYS[3]) or '0') then redis.call('SET', KEYS[3], ARGV[2]) end
return 1`;
/** Keys: lock, whole, bots, news. */
const OPEN = `${HELD}
redis.call('SET', KEYS[2], id())
redis.call('DEL', KEYS[3])
if ARGV[2] ~= '' then redis.call('RPUSH', KEYS[4], ARGV[2]) end
return 1`;
/** What may stand in Slack of a run. */
const POSTED = [
  ...['post', 'audit channel', 'note approval', 'note reminder', 'note decided', 'note stopped', 'note over'],
  ...['plan', 'outcomes'].flatMap((list) => [1, 2, 3, 4, 5].map((n) => `thread ${list} ${n}`)),
];
/**
 * As a mark that does not say when: whoever meets it looks before posting. Not the `1` of bots from before, whose lists are
 * taken for there without a look.
 */
const PERHAPS = 'perhaps';
const KEEP = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`;
const UNLOCK = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

/** The right to put back what Redis lost, for so many milliseconds at a time; `null` while another bot has it. */
export async function takeHold(
  { redis, memory, clock, keepDays }: { redis: Redis; memory: OwnMemory; clock: Clock; keepDays: number },
  ms: number,
): Promise<Hold | null> {
  const token = randomUUID();
  const reading = openReading(clock);
  if ((await redis.set(own.recall, token, 'PX', ms, 'NX')) === null) return null;
  const renewal = setInterval(() => {
    redis.eval(KEEP, 1, own.recall, token, String(ms)).catch(() => undefined);
  }, ms / 3);
  const held = (script: string, keys: string[], ...args: string[]) =>
    reaching(() => redis.eval(script, keys.length + 2, own.recall, own.whole, ...keys, token, ...args));
  const write = (head: Head, entries: readonly { n: number; text: string }[]) =>
    held(
      ENTRIES,
      [own.audit, own.auditHead],
      String(head.n),
      head.hash,
      ...entries.flatMap(({ n, text }) => [String(n), text]),
    );
  const append = async (head: Head, facts: Parameters<typeof chain>[1]): Promise<Head | undefined> => {
    const entries = chain(head, facts);
    const last = entries.at(-1);
    if (last)
      await write(
        last,
        entries.map((entry) => ({ n: entry.n, text: JSON.stringify(entry) })),
      );
    return last && { n: last.n, hash: last.hash };
  };
  return {
    load: (id) =>
      reaching(async () => {
        const json = await redis.hget(own.run(id), 'json');
        return json === null ? null : reading.read(id, StoredRun, json);
      }),
    entries: async (texts, head) => void (await write(head, texts)),
    goOnFrom: async (head, fact) => void (await append(head, [fact])),
    async put(run, over, facts, wanted) {
      const audit = await append(await readHead(redis), facts);
      const stored: Run = audit ? { ...run, audit } : run;
      const now = clock();
      await held(
        PUT,
        [
          ...[own.run(run.id), own.due, own.cards, key.cancel(run.id), own.by(run.requester)],
          ...[own.channels, own.delivery(run.delivery ?? '')],
        ],
        over ? String(over.rev) : '',
        String(stored.rev),
        JSON.stringify(stored),
        String(keepDays * DAY_S),
        String(lookAt(stored, now) ?? ''),
        String(run.id),
        String(now),
        wanted ? '1' : '0',
        run.cancel && !isFinal(run.state) ? '1' : '0',
        run.channel,
        run.delivery ?? '',
      );
    },
    posted: ({ id }) =>
      reaching(async () => {
        const marks = redis.multi();
        for (const what of POSTED) marks.set(own.once(id, what), PERHAPS, 'EX', keepDays * DAY_S, 'NX');
        await marks.exec();
      }),
    over: (runs) =>
      reaching(async () => {
        for (let i = 0; i < runs.length; i += 1_000)
          await redis.sadd(own.over, ...runs.slice(i, i + 1_000).map(String));
        await redis.expire(own.over, keepDays * DAY_S);
      }),
    number: async (run) => void (await held(NUMBER, [own.runNumber], String(run))),
    async whole(news) {
      await held(OPEN, [own.bots, own.news], news ? JSON.stringify(news) : '');
      memory.setTo(await readHead(redis));
    },
    async release() {
      clearInterval(renewal);
      await redis.eval(UNLOCK, 1, own.recall, token).catch(() => undefined);
    },
  };
}
