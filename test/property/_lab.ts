import { setMaxListeners } from 'node:events';
import { openCache } from '../../agents/host/details.ts';
import { openEngine } from '../../agents/host/engine.ts';
import { engineAddress } from '../../agents/host/engine-address.ts';
import { execute } from '../../agents/host/execute.ts';
import { makePlan, type Planner } from '../../agents/host/plan.ts';
import type { Engine } from '../../agents/host/ports.ts';
import type { Engine as EnginePart } from '../../playground/parts/engine.ts';
import { HostName, type ImageId, RunId } from '../../src/domain/ids.ts';
import type { Inventory } from '../../src/domain/inventory.ts';
import type { CacheOutcome, Outcome } from '../../src/domain/outcome.ts';
import type { Plan } from '../../src/domain/plan.ts';
import type { Rules } from '../../src/domain/rules.ts';
import type { Selection } from '../../src/domain/selection.ts';
import { noLimits, noNotes, plainAround } from '../agents/host/_around.ts';
import type { Memory } from './_model.ts';

const HOST = HostName.parse('host-1');
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const never = new AbortController().signal;
setMaxListeners(0, never);

export type Executed = { outcomes: Outcome[]; cache: CacheOutcome | null; raced: readonly string[] };

/** The agent's own planning and execution on an engine, at an instant and with a memory that the test chooses. */
export function openLab(
  part: Pick<EnginePart, 'host'>,
  options: {
    rules: Rules;
    now: () => number;
    memory?: Memory;
    disk?: Inventory['disk'];
    tamper?: (engine: Engine) => Partial<Engine>;
  },
) {
  const address = engineAddress({ host: part.host, tlsVerify: undefined, certPath: undefined });
  const plain = openEngine({ address });
  const engine = { ...plain, ...options.tamper?.(plain) };
  const around = plainAround({ now: options.now, readDisk: async () => options.disk ?? null });
  const { memory } = options;
  const lastUsed = memory
    ? { ...around.lastUsed, of: (id: ImageId) => memory(id), saw() {} }
    : around.lastUsed;
  const planner: Planner = {
    host: HOST,
    engine,
    cache: openCache(),
    around: { ...around, lastUsed },
    rules: options.rules,
    sleep: async () => {},
  };
  return {
    engine,
    plan: (selection: Selection) => makePlan(planner, selection),
    async execute(plan: Plan, prune: boolean): Promise<Executed> {
      const executed = {
        outcomes: [] as Outcome[],
        cache: null as CacheOutcome | null,
        raced: [] as readonly string[],
      };
      await execute(
        {
          ...{ v: 1, kind: 'execute', id: 'x', host: HOST, epoch: 'e', notAfter: 0, run: RunId.parse(1) },
          ...{ planDigest: plan.digest, items: plan.items, cache: plan.cache },
        },
        { prune },
        async (body) => {
          if (body.kind === 'outcomes') executed.outcomes.push(...body.outcomes);
          if (body.kind === 'cache') executed.cache = body.cache;
          if (body.kind === 'finished') executed.raced = body.raced;
        },
        {
          ...planner,
          queue: { cancelled: async () => false },
          clock: { now: Date.now, sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
          ...{
            readDisk: async () => null,
            ledger: noLimits,
            notes: noNotes,
            doubt: () => null,
            log: silent,
            stop: never,
            hurry: never,
          },
        },
      );
      return executed;
    },
  };
}
