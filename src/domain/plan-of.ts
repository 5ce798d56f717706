import { canonical, sha256 } from './hash.ts';
import { workOf } from './plan-summary.ts';
import type { Run } from './run.ts';

/**
 * What a decision about a run is about: the digest of its plan or, over several hosts, of the record of their plans'
 * digests by host. Hosts on which nothing would be done have no part in it. Absent where no host has work.
 */
export function planOf(run: Run): { digest: string; hosts: number } | undefined {
  const digests = Object.entries(run.hosts).flatMap(([host, { plan }]) =>
    plan && workOf(plan) > 0 ? [[host, plan.digest] as const] : [],
  );
  const [first] = digests;
  if (!first) return undefined;
  const digest = digests.length === 1 ? first[1] : sha256(canonical(Object.fromEntries(digests)));
  return { digest, hosts: digests.length };
}
