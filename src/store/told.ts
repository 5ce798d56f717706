import { KEEP_S } from '../domain/due.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';

/** Longer than telling takes: who has not come to its end by then may be dead. */
const TELLING_S = 60;

/** Takes on to tell this, if nobody has told it or is about to. Key: what was told last. Arguments: the words, seconds. */
const TAKE = `
local last = redis.call('GET', KEYS[1])
if last == 'told ' .. ARGV[1] then return 'told' end
if last == 'telling ' .. ARGV[1] then return 'telling' end
redis.call('SET', KEYS[1], 'telling ' .. ARGV[1], 'EX', ARGV[2])
return 'mine'`;

/** What people were told of the mirror of the audit, known to all bots and to those after them. */
export function openTold(redis: Redis) {
  return {
    /** Tells it, unless it is what was told last; false while another bot is at it. Rejects where it can't be told. */
    async once(mirror: string, words: string, tell: () => Promise<void>): Promise<boolean> {
      const key = own.mirrorTold(mirror);
      const state = await reaching(() => redis.eval(TAKE, 1, key, words, String(TELLING_S)));
      if (state !== 'mine') return state === 'told';
      try {
        await tell();
      } catch (error) {
        await redis.del(key).catch(() => undefined);
        throw error;
      }
      await reaching(() => redis.set(key, `told ${words}`, 'EX', KEEP_S));
      return true;
    },
    /** It is over: should it come again, it is told again. */
    forget: (mirror: string) => reaching(async () => void (await redis.del(own.mirrorTold(mirror)))),
  };
}
