import type { HostName, RunId } from '../domain/ids.ts';
import { Plan } from '../domain/plan.ts';
import { partsOf } from '../domain/run.ts';
import { tolerant } from '../domain/tolerant.ts';
import type { Runs } from '../ports.ts';
import { type Redis, reaching } from './connect.ts';
import { own } from './keys.ts';
import type { Reading } from './reading.ts';

const StoredPlan = tolerant(Plan);
const DAY_S = 86_400;
const AT_HAND = 50;

/** Plans in Redis, kept for `keepDays`. */
export function openPlans(
  redis: Redis,
  keepDays: number,
  { read }: Reading,
): Pick<Runs, 'savePlan' | 'plans'> {
  const planCache = new Map<string, Plan>();

  /** Plans never change, but they can be large: those used last are kept at hand. */
  function remember(id: RunId, plan: Plan): void {
    const key = `${id} ${plan.host} ${plan.digest}`;
    planCache.delete(key);
    planCache.set(key, plan);
    for (const old of planCache.keys()) {
      if (planCache.size <= AT_HAND) break;
      planCache.delete(old);
    }
  }

  return {
    savePlan: (id, plan, over = false) =>
      reaching(async () => {
        // The first plan of a host is the one that is shown: one that comes again changes nothing.
        const first = await redis.hsetnx(own.plans(id), plan.host, JSON.stringify(plan));
        await redis.expire(own.plans(id), keepDays * DAY_S);
        const kept = first === 1 ? null : await redis.hget(own.plans(id), plan.host);
        const before = kept === null ? plan : read(id, StoredPlan, kept);
        const stands = over && before.digest !== plan.digest ? plan : before;
        if (stands !== before) await redis.hset(own.plans(id), plan.host, JSON.stringify(plan));
        remember(id, stands);
        return stands;
      }),
    plans: (run, only) =>
      reaching(async () => {
        const hosts = partsOf(run).filter(([host, { plan }]) => plan && (only?.includes(host) ?? true));
        const plans = new Map<HostName, Plan>();
        for (const [host, part] of hosts) {
          const cached = planCache.get(`${run.id} ${host} ${part.plan?.digest}`);
          const json = cached ? null : await redis.hget(own.plans(run.id), host);
          const plan = cached ?? (json === null ? undefined : read(run.id, StoredPlan, json));
          // A Redis that was set back may have got another one, made for the same question later.
          if (!plan || plan.digest !== part.plan?.digest) continue;
          plans.set(host, plan);
          remember(run.id, plan);
        }
        return plans;
      }),
  };
}
