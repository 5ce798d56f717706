import type { z } from 'zod';
import { chain, type Fact } from '../domain/audit.ts';
import { lookAt } from '../domain/due.ts';
import { NewerError, UserError } from '../domain/error.ts';
import { HostName, RunId } from '../domain/ids.ts';
import { code, say } from '../domain/markup.ts';
import { Plan } from '../domain/plan.ts';
import { key } from '../domain/protocol.ts';
import { isFinal, Run } from '../domain/run.ts';
import { tolerant } from '../domain/tolerant.ts';
import type { Clock, Runs } from '../ports.ts';
import { type Redis, reaching } from './connect.ts';
import { readHead } from './keeping.ts';
import { own } from './keys.ts';
import { type OwnMemory, openMemory } from './memory.ts';
import { IN_DOUBT, IS_WHOLE, inDoubt, RESERVE, sure, WHOLE } from './whole.ts';

const StoredRun = tolerant(Run);
const StoredPlan = tolerant(Plan);
const DAY_S = 86_400;
/** What a newer version is at may be over by then. */
const UNREAD_MS = 600_000;
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

/** Sets when a run is looked at again, if it is still what it was or is no longer kept. Keys: run, due. */
const LOOK_AGAIN = `
local rev = redis.call('HGET', KEYS[1], 'rev')
if rev and rev ~= ARGV[1] then return end
if not rev or ARGV[2] == '' then redis.call('ZREM', KEYS[2], ARGV[3])
else redis.call('ZADD', KEYS[2], 'XX', ARGV[2], ARGV[3]) end`;

/** Keeps the first time that something was seen. Key: that time. */
const SINCE = `
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2])
return redis.call('GET', KEYS[1])`;

/** A run to be stored. */
interface Change {
  /** As it was read; empty of a new one. */
  expectedRev: string;
  run: Run;
  facts: readonly Fact[];
  /** Of a new one. */
  made?: { replyTo: string };
}

/**
 * Runs in Redis, kept for `keepDays`. Nothing is stored in a Redis that is not known to be whole, or that has less of the
 * audit than `memory`.
 */
export function openRuns(
  redis: Redis,
  clock: Clock,
  keepDays: number,
  memory: OwnMemory = openMemory(),
): Runs & {
  /** Whether this version could not read it a moment ago. */
  isUnread(id: RunId): boolean;
} {
  const planCache = new Map<string, Plan>();
  /** Runs that a newer version has written, and when that was seen. */
  const unread = new Map<RunId, number>();

  function read<T>(id: RunId, schema: z.ZodType<T>, json: string): T {
    const parsed = schema.safeParse(JSON.parse(json));
    if (parsed.success) {
      unread.delete(id);
      return parsed.data;
    }
    unread.set(id, clock());
    throw new NewerError(
      say`#${id} was written by a newer dimg than this bot, which leaves it alone: upgrade the bot, or ask the newer one.`,
      { cause: parsed.error },
    );
  }

  const isUnread = (id: RunId): boolean => clock() - (unread.get(id) ?? -Infinity) < UNREAD_MS;

  /** Plans never change, but they can be large: the newest few are kept at hand. */
  function remember(id: RunId, plan: Plan): void {
    planCache.set(`${id} ${plan.host} ${plan.digest}`, plan);
    for (const old of planCache.keys()) {
      if (planCache.size <= 50) break;
      planCache.delete(old);
    }
  }

  /** Stores these changes, all or none; null where somebody was faster, or the command was accepted before. */
  async function put(changes: readonly Change[]): Promise<Run[] | null> {
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
  }

  async function reserve(): Promise<RunId> {
    const id = RunId.parse(sure(await redis.eval(RESERVE, 2, own.runNumber, own.whole)));
    memory.numbered(id);
    return id;
  }

  /** For a transition and what goes with it. */
  const storing = async (...changes: Change[]) => (await put(changes))?.[0] ?? null;
  const changeOf = (before: Run, after: Run, facts: readonly Fact[]): Change => ({
    expectedRev: String(before.rev),
    run: { ...after, rev: before.rev + 1 },
    facts,
  });

  return {
    isUnread,
    create: (delivery, draft, facts, replyTo) =>
      reaching(async () => {
        // Looked at first only so that no number is taken in vain.
        if ((await redis.exists(own.delivery(delivery))) === 1) return null;
        const run = { ...draft(await reserve()), delivery };
        return storing({ expectedRev: '', run, facts: facts(run), made: { replyTo } });
      }, 'stores'),
    reserve: () => reaching(reserve),
    createAs: (run, facts, replyTo) =>
      reaching(() => storing({ expectedRev: '', run, facts, made: { replyTo } }), 'stores'),
    replyTo: (id) => reaching(() => redis.get(own.replyTo(id))),
    load: (id) =>
      reaching(async () => {
        const json = await redis.hget(own.run(id), 'json');
        // What is not there may be put back in a moment.
        if (json === null && (await redis.eval(IS_WHOLE, 1, own.whole)) !== 1) throw inDoubt();
        return json === null ? null : read(id, StoredRun, json);
      }),
    commit: (before, after, facts) => reaching(() => storing(changeOf(before, after, facts)), 'stores'),
    commitWith: (before, after, facts, made) =>
      reaching(
        () =>
          storing(changeOf(before, after, facts), {
            ...{ expectedRev: '', run: made.run, facts: made.facts, made: { replyTo: made.replyTo } },
          }),
        'stores',
      ),
    savePlan: (id, plan) =>
      reaching(async () => {
        // The first plan of a host is the one that is shown: one that comes again changes nothing.
        const first = await redis.hsetnx(own.plans(id), plan.host, JSON.stringify(plan));
        await redis.expire(own.plans(id), keepDays * DAY_S);
        const kept = first === 1 ? null : await redis.hget(own.plans(id), plan.host);
        const stands = kept === null ? plan : read(id, StoredPlan, kept);
        remember(id, stands);
        return stands;
      }),
    plans: (run) =>
      reaching(async () => {
        const hosts = Object.entries(run.hosts).filter(([, part]) => part.plan);
        const plans = new Map<HostName, Plan>();
        for (const [name, part] of hosts) {
          const host = HostName.parse(name);
          const cached = planCache.get(`${run.id} ${name} ${part.plan?.digest}`);
          const json = cached ? null : await redis.hget(own.plans(run.id), name);
          const plan = cached ?? (json === null ? undefined : read(run.id, StoredPlan, json));
          if (!plan) continue;
          plans.set(host, plan);
          if (!cached) remember(run.id, plan);
        }
        return plans;
      }),
    due: (now) =>
      reaching(async () => {
        // Those that can't be read keep none of the others back.
        const ids = await redis.zrangebyscore(own.due, 0, now, 'LIMIT', 0, 100 + unread.size);
        return ids.map((id) => RunId.parse(Number(id))).filter((id) => !isUnread(id));
      }),
    open: () =>
      reaching(async () => (await redis.zrange(own.due, '0', '999')).map((id) => RunId.parse(Number(id)))),
    askedBy: (user, count) =>
      reaching(async () =>
        (await redis.zrange(own.by(user), '0', String(count - 1), 'REV')).map((id) =>
          RunId.parse(Number(id)),
        ),
      ),
    since: (id, what, now) =>
      reaching(async () =>
        Number(await redis.eval(SINCE, 1, own.since(id, what), String(now), String(DAY_S))),
      ),
    lookAgain: ({ id, rev }, at) =>
      reaching(async () => {
        await redis.eval(LOOK_AGAIN, 2, own.run(id), own.due, String(rev), String(at ?? ''), String(id));
      }),
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
