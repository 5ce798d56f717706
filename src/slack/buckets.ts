interface Bucket {
  tokens: number;
  at: number;
}
interface Rate {
  perSecond: number;
  burst: number;
}

/** Slack's own: one message a second in a channel, with short bursts; 50 calls a minute of tier 3. A little less is asked. */
const POST: Rate = { perSecond: 1, burst: 3 };
const TIER_3: Rate = { perSecond: 0.8, burst: 40 };
const RATES: Readonly<Record<string, Rate>> = {
  'chat.postMessage': POST,
  'chat.update': TIER_3,
  'conversations.history': TIER_3,
  'conversations.replies': TIER_3,
};

/** Keeps calls within Slack's limits, so that its refusals are rare. `key` is a method, with its channel where that counts. */
export function openBuckets(now: () => number) {
  const buckets = new Map<string, Bucket>();

  function fill(method: string, key: string): { bucket: Bucket; rate: Rate } | null {
    const rate = RATES[method];
    if (!rate) return null;
    const at = now();
    const bucket = buckets.get(key) ?? { tokens: rate.burst, at };
    bucket.tokens = Math.min(
      rate.burst,
      bucket.tokens + (Math.max(0, at - bucket.at) / 1000) * rate.perSecond,
    );
    bucket.at = at;
    buckets.set(key, bucket);
    return { bucket, rate };
  }

  return {
    /** Milliseconds until a call may be made that leaves `spare` more for others. */
    wait(method: string, key: string, spare = 0): number {
      const found = fill(method, key);
      if (!found) return 0;
      const missing = 1 + spare - found.bucket.tokens;
      // Sums of fractions fall short of a whole by a hair.
      return missing <= 1e-6 ? 0 : Math.ceil((missing / found.rate.perSecond) * 1000);
    },
    take(method: string, key: string): void {
      const found = fill(method, key);
      if (found) found.bucket.tokens -= 1;
      if (buckets.size > 1_000) buckets.clear();
    },
  };
}
