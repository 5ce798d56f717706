import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openCache } from '../../../agents/host/details.ts';
import { openEngine } from '../../../agents/host/engine.ts';
import { engineAddress } from '../../../agents/host/engine-address.ts';
import { execute } from '../../../agents/host/execute.ts';
import { makePlan } from '../../../agents/host/plan.ts';
import type { Engine, Log } from '../../../agents/host/ports.ts';
import type { ExecuteJob } from '../../../agents/host/verify.ts';
import type { Engine as EnginePart } from '../../../playground/parts/engine.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { ReportBody } from '../../../src/domain/protocol.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';
import type { Selection } from '../../../src/domain/selection.ts';
import { noLimits, noNotes, plainAround } from './_around.ts';
import { HOST, nextRun } from './_setup.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Planning and execution without a queue, on a real engine whose port a test may tamper with. */
export function direct(
  part: Pick<EnginePart, 'host'>,
  limits: { callLimitMs?: number; removeLimitMs?: number } = {},
) {
  const address = engineAddress({ host: part.host, tlsVerify: undefined, certPath: undefined });
  const engine = openEngine({ address, ...limits });
  const rules = { ...DEFAULT_RULES, minAge: 0 };
  const planner = {
    host: HOST,
    engine,
    cache: openCache(),
    rules,
    around: plainAround(),
    sleep: (ms: number) => sleep(ms),
  };
  return {
    engine,
    plan: (selection: Selection) => makePlan(planner, selection),
    async execute(
      plan: Plan,
      more: {
        tamper?: Partial<Engine>;
        cancelled?: () => boolean;
        stop?: AbortSignal;
        rules?: typeof rules;
        prune?: boolean;
        staleOver?: number;
        replan?: () => Promise<Plan>;
      } = {},
    ) {
      const bodies: ReportBody[] = [];
      const never = new AbortController().signal;
      setMaxListeners(0, never);
      const job: ExecuteJob = {
        v: 1,
        kind: 'execute',
        id: 'x',
        host: HOST,
        epoch: 'e',
        notAfter: 0,
        run: nextRun(),
        planDigest: plan.digest,
        items: plan.items,
        cache: plan.cache,
        ...(more.staleOver !== undefined && { staleOver: more.staleOver }),
      };
      const asked = { prune: more.prune ?? false, ...(more.replan && { replan: more.replan }) };
      await execute(job, asked, async (body) => void bodies.push(body), {
        ...planner,
        rules: more.rules ?? rules,
        engine: { ...engine, ...more.tamper },
        queue: { cancelled: async () => more.cancelled?.() ?? false },
        clock: { now: Date.now, sleep: (ms) => sleep(ms) },
        ledger: noLimits,
        notes: noNotes,
        doubt: () => null,
        readDisk: async () => null,
        log: silent,
        stop: more.stop ?? never,
        hurry: never,
      });
      const outcomes = bodies.flatMap((body) => (body.kind === 'outcomes' ? body.outcomes : []));
      const finished = bodies.find((body) => body.kind === 'finished');
      return { bodies, outcomes, raced: finished?.raced ?? null };
    },
  };
}
