import { RunId } from '../domain/ids.ts';
import type { CardQueue } from '../ports.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';
import { takeLock } from './lock.ts';

/** Forgets a card's need only if the run is still what was shown, or is no longer kept. Keys: run, cards. */
const SHOWN = `
local rev = redis.call('HGET', KEYS[1], 'rev')
if not rev or rev == ARGV[1] then redis.call('ZREM', KEYS[2], ARGV[2]) end`;
const DAY_S = 86_400;

export function openCards(redis: Redis): CardQueue {
  return {
    waiting: () =>
      reaching(async () => (await redis.zrange(own.cards, '0', '999')).map((id) => RunId.parse(Number(id)))),
    lock: (id, ms) => reaching(() => takeLock(redis, own.cardLock(id), ms)),
    shown: (run) =>
      reaching(async () => {
        await redis.eval(SHOWN, 2, own.run(run.id), own.cards, String(run.rev), String(run.id));
      }),
    once: (id, what, seconds = DAY_S) =>
      reaching(async () => (await redis.set(own.once(id, what), '1', 'EX', seconds, 'NX')) !== null),
    again: (id, what) =>
      reaching(async () => {
        await redis.del(own.once(id, what));
      }),
  };
}
