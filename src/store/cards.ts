import { KEEP_S } from '../domain/due.ts';
import { RunId } from '../domain/ids.ts';
import type { CardQueue } from '../ports.ts';
import { MINE, takeClaim } from './claim.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';
import { takeLock } from './lock.ts';

/** Forgets a card's need only if the run is still what was shown, or is no longer kept. Keys: run, cards. */
const SHOWN = `
local rev = redis.call('HGET', KEYS[1], 'rev')
if not rev or rev == ARGV[1] then redis.call('ZREM', KEYS[2], ARGV[2]) end`;
/** Replaces a mark, if it is still the one that was read. Keys: mark. */
const MARK = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1`;
const DAY_S = 86_400;
const PAGE = 1_000;
/** Longer than what is claimed takes where nothing fails: who holds it longer may be dead. */
const CLAIM_S = 4;

export function openCards(redis: Redis): CardQueue {
  return {
    waiting: (from = 0) =>
      reaching(async () =>
        (await redis.zrange(own.cards, String(from), String(from + PAGE - 1))).map((id) =>
          RunId.parse(Number(id)),
        ),
      ),
    behind: (id, at) =>
      reaching(async () => {
        await redis.zadd(own.cards, 'NX', at, String(id));
      }),
    lock: (id, ms) => reaching(() => takeLock(redis, own.cardLock(id), ms)),
    shown: (run) =>
      reaching(async () => {
        await redis.eval(SHOWN, 2, own.run(run.id), own.cards, String(run.rev), String(run.id));
      }),
    once: (id, what, seconds = DAY_S) =>
      reaching(async () => (await redis.set(own.once(id, what), '1', 'EX', seconds, 'NX')) !== null),
    marked: (id, what) => reaching(() => redis.get(own.once(id, what))),
    mark: (id, what, from, to) =>
      reaching(
        async () =>
          (await redis.eval(MARK, 1, own.once(id, what), from ?? '', to ?? '', String(KEEP_S))) === 1,
      ),
    mine: (id, what, who, seconds) =>
      reaching(async () => (await redis.eval(MINE, 1, own.once(id, what), who, String(seconds))) === who),
    claim: (id, what) => reaching(() => takeClaim(redis, own.once(id, what), CLAIM_S)),
  };
}
