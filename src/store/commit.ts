import { chain, type Fact } from '../domain/audit.ts';
import { lookAt } from '../domain/due.ts';
import { UserError } from '../domain/error.ts';
import { code, say } from '../domain/markup.ts';
import { key } from '../domain/protocol.ts';
import { isFinal, type Run } from '../domain/run.ts';
import type { Clock } from '../ports.ts';
import { readHead } from './audit-head.ts';
import type { Redis } from './connect.ts';
import { own } from './keys.ts';
import type { OwnMemory } from './memory.ts';
import { IN_DOUBT, inDoubt, sure, WHOLE } from './whole.ts';

const DAY_S = 86_400;
/** A response URL of Slack lives for half an hour. */
const REPLY_S = 30 * 60;

/**
 * Stores runs if the revision of each is the expected one and the audit's head has not moved: each run, its place among
 * those to look at, its card's need and its cancellation; of a new one its place among its requester's, its channel, its
 * reply address and the mark that its command was accepted; and the audit entries; all or nothing.
 * Redis takes nothing back of a script that fails, and entries can fail where the stream goes beyond its head: they come
 * first. Keys: audit, head, due, cards, channels, and of each run: run, cancel, by, reply, delivery. Arguments: the head's
 * number, how many runs, of each: expected revision, revision, json, life, due, id, now, cancelled, reply, reply's life,
 * channel, delivery, delivery's life; then the new head's number and hash where there are entries, and each entry's number
 * and text. The last key is what says that Redis is whole. Returns 1; 0 (a run moved), 2 (the command was accepted
 * before), -1 (the head moved) or `IN_DOUBT`.
 */
const COMMIT = `${WHOLE}
if not whole(KEYS[#KEYS]) then return ${IN_DOUBT} end
local runs = tonumber(ARGV[2])
for r = 0, runs - 1 do
  local k, a = 5 + r * 5, 2 + r * 13
  if ARGV[a + 12] ~= '' and redis.call('EXISTS', KEYS[k + 5]) == 1 then return 2 end
  if (redis.call('HGET', KEYS[k + 1], 'rev') or '') ~= ARGV[a + 1] then return 0 end
end
if (redis.call('HGET', KEYS[2], 'n') or '0') ~= ARGV[1] then return -1 end
local first = 3 + runs * 13
for i = first + 2, #ARGV, 2 do redis.call('XADD', KEYS[1], ARGV[i] .. '-0', 'e', ARGV[i + 1]) end
if #ARGV > first then redis.call('HSET', KEYS[2], 'n', ARGV[first], 'hash', ARGV[first + 1]) end
for r = 0, runs - 1 do
  local k, a = 5 + r * 5, 2 + r * 13
  local id = ARGV[a + 6]
  if ARGV[a + 1] == '' then
    redis.call('ZADD', KEYS[k + 3], id, id)
    redis.call('ZREMRANGEBYRANK', KEYS[k + 3], 0, -101)
    redis.call('EXPIRE', KEYS[k + 3], ARGV[a + 4])
    redis.call('SADD', KEYS[5], ARGV[a + 11])
    redis.call('SET', KEYS[k + 4], ARGV[a + 9], 'EX', ARGV[a + 10])
    if ARGV[a + 12] ~= '' then redis.call('SET', KEYS[k + 5], '1', 'EX', ARGV[a + 13]) end
  end
  redis.call('HSET', KEYS[k + 1], 'rev', ARGV[a + 2], 'json', ARGV[a + 3])
  redis.call('EXPIRE', KEYS[k + 1], ARGV[a + 4])
  if ARGV[a + 5] == '' then redis.call('ZREM', KEYS[3], id) else redis.call('ZADD', KEYS[3], ARGV[a + 5], id) end
  redis.call('ZADD', KEYS[4], 'NX', ARGV[a + 7], id)
  if ARGV[a + 8] == '1' then redis.call('SET', KEYS[k + 2], '1', 'EX', 86400) end
end
return 1`;

/** A run to be stored. */
export interface Change {
  /** As it was read; empty of a new one. */
  expectedRev: string;
  run: Run;
  facts: readonly Fact[];
  /** Of a new one. */
  made?: { replyTo: string };
}

/**
 * What stores these changes, all or none; it resolves to null where somebody was faster, or the command was accepted
 * before.
 */
export function openCommit(
  redis: Redis,
  clock: Clock,
  keepDays: number,
  memory: OwnMemory,
): (changes: readonly Change[]) => Promise<Run[] | null> {
  return async (changes) => {
    for (;;) {
      // Before Redis is asked: what is stored meanwhile is no less there for not being in the answer.
      const known = memory.head().n;
      const head = await readHead(redis);
      if (head.n < known && (await lastOf(redis)) < known) throw inDoubt();
      const entries = chain(
        head,
        changes.flatMap(({ facts }) => facts),
      );
      const now = clock();
      const stored = changes.map(({ run }): Run => {
        const last = entries.findLast((entry) => entry.run === run.id);
        return last ? { ...run, audit: { n: last.n, hash: last.hash } } : run;
      });
      const keys = stored.flatMap((run, i) => [
        ...[own.run(run.id), key.cancel(run.id), own.by(run.requester), own.replyTo(run.id)],
        own.delivery(deliveryOf(changes[i])),
      ]);
      const args = stored.flatMap((run, i) => [
        ...[changes[i]?.expectedRev ?? '', String(run.rev), JSON.stringify(run), String(keepDays * DAY_S)],
        ...[String(lookAt(run, now) ?? ''), String(run.id), String(now)],
        ...[run.cancel && !isFinal(run.state) ? '1' : '0', changes[i]?.made?.replyTo ?? '', String(REPLY_S)],
        ...[run.channel, deliveryOf(changes[i]), String(DAY_S)],
      ]);
      const last = entries.at(-1);
      const storing = redis.eval(
        COMMIT,
        6 + keys.length,
        ...[own.audit, own.auditHead, own.due, own.cards, own.channels, ...keys, own.whole],
        ...[String(head.n), String(stored.length), ...args],
        ...(last ? [String(last.n), last.hash] : []),
        ...entries.flatMap((entry) => [String(entry.n), JSON.stringify(entry)]),
      );
      const result = sure(await storing.catch(refusedEntries));
      if (result === 1) {
        memory.saw(last ?? head);
        stored.forEach(memory.stored);
        return stored;
      }
      if (result !== -1) return null;
    }
  };
}

// --- internal ---

/** Only a new run takes its command's mark. */
const deliveryOf = (change: Change | undefined): string => (change?.made && change.run.delivery) || '';

/** A stream that goes on where only its head was set back was not lost: then the entries are refused below. */
async function lastOf(redis: Redis): Promise<number> {
  const [last] = await redis.xrevrange(own.audit, '+', '-', 'COUNT', 1);
  return Number.parseInt(last?.[0] ?? '0', 10);
}

/** A stream that already has the number of the next entry, or is no stream any more. */
function refusedEntries(error: Error): never {
  if (!/specified in XADD|WRONGTYPE/.test(error.message)) throw error;
  throw new UserError(
    say`The audit in Redis is not what it was, so nothing was done: see ${code('/dimg verify')}.`,
    { cause: error, lasting: true },
  );
}
