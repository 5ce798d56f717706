import { chain, type Fact } from '../domain/audit.ts';
import { lookAt } from '../domain/due.ts';
import { UserError } from '../domain/error.ts';
import { HostName, RunId } from '../domain/ids.ts';
import { code, say } from '../domain/markup.ts';
import { Plan } from '../domain/plan.ts';
import { key } from '../domain/protocol.ts';
import { isFinal, Run } from '../domain/run.ts';
import type { Clock, Runs } from '../ports.ts';
import { type Redis, reaching } from './connect.ts';
import { readHead } from './keeping.ts';
import { own } from './keys.ts';
import { type OwnMemory, openMemory } from './memory.ts';
import { IN_DOUBT, IS_WHOLE, inDoubt, RESERVE, sure, WHOLE } from './whole.ts';

const DAY_S = 86_400;
/** A response URL of Slack lives for half an hour. */
const REPLY_S = 30 * 60;

/**
 * Stores a run if its revision is the expected one and the audit's head has not moved: the run, its place
 * among those to look at, its card's need, its cancellation, its audit entries and, of a new one, its place
 * among its requester's, all or nothing. Keys: run, audit, head, due, cards, cancel, by, whole. Returns 1, 0 (the run moved), -1 (the head moved)
 * or `IN_DOUBT`.
 * Redis takes nothing back of a script that fails, and entries can fail where the stream goes beyond its head: they come first.
 */
const COMMIT = `${WHOLE}
if not whole(KEYS[8]) then return ${IN_DOUBT} end
if (redis.call('HGET', KEYS[1], 'rev') or '') ~= ARGV[1] then return 0 end
if (redis.call('HGET', KEYS[3], 'n') or '0') ~= ARGV[2] then return -1 end
for i = 12, #ARGV, 2 do redis.call('XADD', KEYS[2], ARGV[i] .. '-0', 'e', ARGV[i + 1]) end
if #ARGV > 11 then redis.call('HSET', KEYS[3], 'n', ARGV[10], 'hash', ARGV[11]) end
if ARGV[1] == '' then
  redis.call('ZADD', KEYS[7], ARGV[7], ARGV[7])
  redis.call('ZREMRANGEBYRANK', KEYS[7], 0, -101)
  redis.call('EXPIRE', KEYS[7], ARGV[5])
end
redis.call('HSET', KEYS[1], 'rev', ARGV[3], 'json', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[5])
if ARGV[6] == '' then redis.call('ZREM', KEYS[4], ARGV[7]) else redis.call('ZADD', KEYS[4], ARGV[6], ARGV[7]) end
redis.call('ZADD', KEYS[5], 'NX', ARGV[8], ARGV[7])
if ARGV[9] == '1' then redis.call('SET', KEYS[6], '1', 'EX', 86400) end
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

/**
 * Runs in Redis, kept for `keepDays`. Nothing is stored in a Redis that is not known to be whole, or that has less of the
 * audit than `memory`.
 */
export function openRuns(
  redis: Redis,
  clock: Clock,
  keepDays: number,
  memory: OwnMemory = openMemory(),
): Runs {
  const planCache = new Map<string, Plan>();

  /** Plans never change, but they can be large: the newest few are kept at hand. */
  function remember(id: RunId, plan: Plan): void {
    planCache.set(`${id} ${plan.host} ${plan.digest}`, plan);
    for (const old of planCache.keys()) {
      if (planCache.size <= 50) break;
      planCache.delete(old);
    }
  }

  async function put(expectedRev: string, run: Run, facts: readonly Fact[]): Promise<Run | null> {
    for (;;) {
      const head = await readHead(redis);
      if (head.n < memory.head().n && (await lastOf(redis)) < memory.head().n) throw inDoubt();
      const entries = chain(head, facts);
      const last = entries.at(-1);
      const stored: Run = last ? { ...run, audit: { n: last.n, hash: last.hash } } : run;
      const now = clock();
      const storing = redis.eval(
        COMMIT,
        8,
        own.run(run.id),
        own.audit,
        own.auditHead,
        own.due,
        own.cards,
        key.cancel(run.id),
        own.by(run.requester),
        own.whole,
        expectedRev,
        String(head.n),
        String(stored.rev),
        JSON.stringify(stored),
        String(keepDays * DAY_S),
        String(lookAt(stored, now) ?? ''),
        String(run.id),
        String(now),
        stored.cancel && !isFinal(stored.state) ? '1' : '0',
        String(last?.n ?? head.n),
        last?.hash ?? head.hash,
        ...entries.flatMap((entry) => [String(entry.n), JSON.stringify(entry)]),
      );
      const result = sure(await storing.catch(refusedEntries));
      if (result === 1) {
        memory.saw(last ?? head);
        memory.stored(stored);
        return stored;
      }
      if (result === 0) return null;
    }
  }

  async function reserve(): Promise<RunId> {
    const id = RunId.parse(sure(await redis.eval(RESERVE, 2, own.runNumber, own.whole)));
    memory.numbered(id);
    return id;
  }

  async function createAs(run: Run, facts: readonly Fact[], replyTo: string): Promise<Run | null> {
    await redis.set(own.replyTo(run.id), replyTo, 'EX', REPLY_S);
    await redis.sadd(own.channels, run.channel);
    return put('', run, facts);
  }

  return {
    create: (delivery, draft, facts, replyTo) =>
      reaching(async () => {
        if ((await redis.set(own.delivery(delivery), '1', 'EX', DAY_S, 'NX')) === null) return null;
        const run = draft(await reserve());
        return createAs(run, facts(run), replyTo);
      }),
    reserve: () => reaching(reserve),
    createAs: (run, facts, replyTo) => reaching(() => createAs(run, facts, replyTo)),
    replyTo: (id) => reaching(() => redis.get(own.replyTo(id))),
    load: (id) =>
      reaching(async () => {
        const json = await redis.hget(own.run(id), 'json');
        // What is not there may be put back in a moment.
        if (json === null && (await redis.eval(IS_WHOLE, 1, own.whole)) !== 1) throw inDoubt();
        return json === null ? null : Run.parse(JSON.parse(json));
      }),
    commit: (before, after, facts) =>
      reaching(() => put(String(before.rev), { ...after, rev: before.rev + 1 }, facts)),
    savePlan: (id, plan) =>
      reaching(async () => {
        // The first plan of a host is the one that is shown: one that comes again changes nothing.
        const first = await redis.hsetnx(own.plans(id), plan.host, JSON.stringify(plan));
        await redis.expire(own.plans(id), keepDays * DAY_S);
        const kept = first === 1 ? null : await redis.hget(own.plans(id), plan.host);
        const stands = kept === null ? plan : Plan.parse(JSON.parse(kept));
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
          const plan = cached ?? (json === null ? undefined : Plan.parse(JSON.parse(json)));
          if (!plan) continue;
          plans.set(host, plan);
          if (!cached) remember(run.id, plan);
        }
        return plans;
      }),
    due: (now) =>
      reaching(async () => {
        const ids = await redis.zrangebyscore(own.due, 0, now, 'LIMIT', 0, 100);
        return ids.map((id) => RunId.parse(Number(id)));
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
