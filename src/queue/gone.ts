import type { Redis } from 'ioredis';
import { key } from '../domain/protocol.ts';
import type { Log } from '../ports.ts';
import { GROUP } from './reports.ts';

/** One that lives reads every few seconds; should it be forgotten all the same, it is a new one at its next look. */
const GONE_MS = 3_600_000;

/**
 * Looks and forgets at one instant: what a reader had in hand would be lost with it, so one that has anything stays until
 * another bot has taken that over. Key: the stream. Arguments: the group, milliseconds.
 */
const FORGET = `
for _, reader in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local of = {}
  for i = 1, #reader, 2 do of[reader[i]] = reader[i + 1] end
  if of.pending == 0 and of.idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], of.name)
  end
end`;

/** Each start of a bot reads reports under a new name: those of bots that are gone are forgotten. Never rejects. */
export async function forgetGone(redis: Redis, log: Log, goneMs = GONE_MS): Promise<void> {
  try {
    await redis.eval(FORGET, 1, key.reports, GROUP, String(goneMs));
  } catch (error) {
    log.warn('readers of reports that are gone could not be forgotten', { error: (error as Error).message });
  }
}
