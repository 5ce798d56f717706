import { UserError } from '../domain/error.ts';

/**
 * Lua: whether this very Redis is known to have all that it had. Another process under the same address, emptied or started
 * from an older copy, is not, until a bot has looked. Where its number can't be read, only its emptiness tells.
 */
export const WHOLE = `
local function id()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or 'none'
end
local function whole(key) return redis.call('GET', key) == id() end
`;

/** What a script returns instead of storing anything. */
export const IN_DOUBT = -2;

/** Takes a number, if Redis is whole. Keys: number, whole. */
export const RESERVE = `${WHOLE}
if not whole(KEYS[2]) then return ${IN_DOUBT} end
return redis.call('INCR', KEYS[1])`;

export const IS_WHOLE = `${WHOLE}
return whole(KEYS[1]) and 1 or 0`;

/** Nothing was stored, and why, in words for whoever asked. */
export const inDoubt = (): UserError =>
  new UserError(
    'Redis was emptied, set back or started anew; dimg is putting back what is known, and nothing was started. Try again in a minute.',
  );

/** Throws where a script says that Redis is in doubt. */
export function sure(result: unknown): number {
  if (result === IN_DOUBT) throw inDoubt();
  return Number(result);
}
