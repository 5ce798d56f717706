import type { Fact } from '../domain/audit.ts';
import { RunId } from '../domain/ids.ts';
import { Run } from '../domain/run.ts';
import { tolerant } from '../domain/tolerant.ts';
import type { Clock, Runs } from '../ports.ts';
import { type Change, openCommit } from './commit.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';
import { type OwnMemory, openMemory } from './memory.ts';
import { openPlans } from './plans.ts';
import { openReading } from './reading.ts';
import { IS_WHOLE, inDoubt, RESERVE, sure } from './whole.ts';

const StoredRun = tolerant(Run);
const DAY_S = 86_400;

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
): Runs & {
  /** Whether this version could not read it a moment ago. */
  isUnread(id: RunId): boolean;
} {
  const reading = openReading(clock);
  const { read, isUnread } = reading;
  const put = openCommit(redis, clock, keepDays, memory);

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
    ...openPlans(redis, keepDays, reading),
    due: (now) =>
      reaching(async () => {
        // Those that can't be read keep none of the others back.
        const ids = await redis.zrangebyscore(own.due, 0, now, 'LIMIT', 0, 100 + reading.unread());
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
