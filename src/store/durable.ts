import type { Redis } from './connect.ts';

/**
 * What in this Redis's settings would lose runs or audit entries; `null` where nothing would, or where
 * the settings can't be read (`unknown`, as with hosted ones). Rejects where Redis does not answer.
 */
export async function volatility(redis: Redis): Promise<{ problem: string } | 'unknown' | null> {
  const read = async (name: string): Promise<string | undefined> => {
    const pair = (await redis.config('GET', name)) as string[];
    return pair[1];
  };
  try {
    const [policy, aof, save, memory] = await Promise.all(
      ['maxmemory-policy', 'appendonly', 'save', 'maxmemory'].map(read),
    );
    if (policy !== undefined && policy !== 'noeviction' && memory !== '0')
      return {
        problem: `Redis may evict data (maxmemory-policy ${policy}): set maxmemory-policy noeviction`,
      };
    if (aof === 'no')
      return {
        problem: `Redis loses data when it stops (appendonly no${save ? ', snapshots only' : ''}): set appendonly yes`,
      };
    return null;
  } catch (error) {
    if (isRefused(error)) return 'unknown';
    throw error;
  }
}

// --- internal ---

/** Hosted ones refuse it in words of their own; what passes says nothing of them. */
const isRefused = (error: unknown): boolean =>
  error instanceof Error &&
  error.name === 'ReplyError' &&
  !/^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)/.test(error.message);
