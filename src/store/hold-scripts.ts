import { WHOLE } from './whole.ts';

/** Lua: only who holds the lock puts back, and only as long as nobody stores anything else. Key 1: the lock, key 2: whole. */
const HELD = `${WHOLE}
if redis.call('GET', KEYS[1]) ~= ARGV[1] or whole(KEYS[2]) then return redis.error_reply('NOTHELD another bot puts back') end
`;
/**
 * Keeps where the audit ended before anything was put back, for attempts that follow one that was broken off; returns that,
 * and the last entry that came from the mirror. Keys: lock, whole, back. Arguments: token, number of the head, life.
 */
export const BEGIN = `${HELD}
redis.call('HSETNX', KEYS[3], 'from', ARGV[2])
redis.call('EXPIRE', KEYS[3], ARGV[3])
return redis.call('HMGET', KEYS[3], 'from', 'mirrored')`;
/**
 * Keys: lock, whole, back, audit, head. Arguments: token, whether they come from the mirror, n and hash of the head, then
 * numbers and entries.
 */
export const ENTRIES = `${HELD}
for i = 5, #ARGV, 2 do redis.call('XADD', KEYS[4], ARGV[i] .. '-0', 'e', ARGV[i + 1]) end
redis.call('HSET', KEYS[5], 'n', ARGV[3], 'hash', ARGV[4])
if ARGV[2] == '1' then redis.call('HSET', KEYS[3], 'mirrored', ARGV[3]) end
return 1`;
/**
 * A run and its entries, all or nothing: those come first, since they can fail. Keys: lock, whole, run, due, cards, cancel,
 * by, channels, delivery, audit, head. Arguments: token, rev of the one that is there, rev, run, life, when due, number, now,
 * whether its card is to be written, whether it is being cancelled, channel, delivery; then, where there are entries, n and
 * hash of the new head, and each entry's number and text.
 */
export const PUT = `${HELD}
if (redis.call('HGET', KEYS[3], 'rev') or '') ~= ARGV[2] then return 0 end
for i = 15, #ARGV, 2 do redis.call('XADD', KEYS[10], ARGV[i] .. '-0', 'e', ARGV[i + 1]) end
if #ARGV > 12 then redis.call('HSET', KEYS[11], 'n', ARGV[13], 'hash', ARGV[14]) end
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
export const NUMBER = `${HELD}
if tonumber(ARGV[2]) > tonumber(redis.call('GET', KEYS[3]) or '0') then redis.call('SET', KEYS[3], ARGV[2]) end
return 1`;
/** Keys: lock, whole, bots, news, back. */
export const OPEN = `${HELD}
redis.call('SET', KEYS[2], id())
redis.call('DEL', KEYS[3], KEYS[5])
if ARGV[2] ~= '' then redis.call('RPUSH', KEYS[4], ARGV[2]) end
return 1`;
export const KEEP = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`;
export const UNLOCK = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;
