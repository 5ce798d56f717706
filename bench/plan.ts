/**
 * What a plan of `prune --all` costs beside the calls that nobody can do without: listing, and inspecting each image
 * once. All on one engine and in turn. `node --import tsx bench/plan.ts [--engine 20.10] [--images 100,1000,5000]
 * [--rounds 7]`; the times are medians, a ratio is the median of the rounds' own.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openCache } from '../agents/host/details.ts';
import { eachOf } from '../agents/host/each.ts';
import { openEngine } from '../agents/host/engine.ts';
import { engineAddress } from '../agents/host/engine-address.ts';
import { openLastUsed } from '../agents/host/last-used.ts';
import { makePlan, type Planner } from '../agents/host/plan.ts';
import { openWatch } from '../agents/host/watch.ts';
import type { Engine } from '../playground/parts/engine.ts';
import { sampleHost } from '../playground/parts/sample-host.ts';
import { createScope } from '../playground/parts/scope.ts';
import { HostName } from '../src/domain/ids.ts';
import { Rules } from '../src/domain/rules.ts';
import { plainPrune } from '../src/domain/selection.ts';
import { circumstances, median, table } from './_figures.ts';
import { KINDS, startHost } from './_host.ts';

const TARGETS = { cold: 1.2, warm: 1.5 };
const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: KINDS[0] as string },
    images: { type: 'string' },
    rounds: { type: 'string', default: '7' },
  },
});
const containerd = values.engine.includes('containerd');
const sizes = (values.images ?? (containerd ? '100,1000' : '100,1000,5000')).split(',').map(Number);
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const WAYS = [
  'list',
  'list + containers',
  'list + inspect',
  'system df',
  'plan, cold',
  'plan, warm',
] as const;
type Way = (typeof WAYS)[number];

const rows: string[][] = [];
for (const count of sizes) {
  const scope = createScope('bench-plan');
  try {
    const engine = await startHost(scope, values.engine, sampleHost(count, { files: 1 }));
    const rounds = await measure(engine, scope.dir, Number(values.rounds));
    const ratio = (one: Way, other: Way) => median(rounds.map((times) => times[one] / times[other]));
    rows.push([
      String(count),
      ...WAYS.map((way) => median(rounds.map((times) => times[way])).toFixed(1)),
      mark(ratio('plan, cold', 'list + inspect'), TARGETS.cold),
      mark(ratio('plan, warm', 'list + containers'), TARGETS.warm),
      ratio('plan, cold', 'system df').toFixed(2),
      ratio('plan, warm', 'system df').toFixed(2),
    ]);
    console.log(`${count} images: ${circumstances()}`);
  } finally {
    await scope.close();
  }
}
console.log(`\nEngine ${values.engine}, ms, median of ${values.rounds}\n`);
const ratios = ['cold ÷ (list + inspect)', 'warm ÷ (list + containers)', 'cold ÷ df', 'warm ÷ df'];
console.log(table(['images', ...WAYS, ...ratios], rows));
console.log(`\nTargets: cold at most ${TARGETS.cold}, warm at most ${TARGETS.warm}.`);

// --- internal ---

/** Each way once a round, beginning at another one each time, so that none always follows the dearest. */
async function measure(part: Engine, dir: string, count: number): Promise<Record<Way, number>[]> {
  const ways = await openWays(part, dir);
  try {
    for (const way of WAYS) await ways.run(way);
    const rounds: Record<Way, number>[] = [];
    for (let round = 0; round < count; round++) {
      const times = {} as Record<Way, number>;
      for (let i = 0; i < WAYS.length; i++) {
        const way = WAYS[(i + round) % WAYS.length] as Way;
        const start = performance.now();
        await ways.run(way);
        times[way] = performance.now() - start;
      }
      rounds.push(times);
    }
    return rounds;
  } finally {
    await ways.close();
  }
}

async function openWays({ docker, host }: Engine, dir: string) {
  // No registry is asked: how long that takes is the registry's affair, and 3 s at most.
  const address = engineAddress({ host, tlsVerify: undefined, certPath: undefined });
  const engine = { ...openEngine({ address }), distribution: async () => false };
  const lastUsed = await openLastUsed(join(dir, 'last-used.json'), Date.now, silent);
  const newPlanner = (settled: Planner['around']['settled']): Planner => ({
    ...{ host: HostName.parse('host-1'), engine, cache: openCache(), rules: Rules.parse({ minAge: 0 }) },
    around: {
      ...{ ownContainer: [], now: Date.now, lastUsed, settled },
      ...{ allowance: () => null, readDisk: async () => null },
    },
    sleep: (ms) => sleep(ms),
  });
  // As in an agent: what the watch hears of needs not be looked into again.
  const watch = openWatch({
    ...{ engine, lastUsed, log: silent, sleep: (ms: number) => sleep(ms) },
    touched: (image) => void warm.cache.details.delete(image),
  });
  const warm = newPlanner(watch.settled);
  const stop = new AbortController();
  const watching = watch.run(stop.signal);
  while ((await watch.settled()) === null) await sleep(10);

  const plan = async (planner: Planner) => {
    const { items } = await makePlan(planner, plainPrune(true));
    if (items.length === 0) throw new Error('This plan deletes nothing.');
  };
  const list = () => docker.listImages({ all: true });
  const run: Record<Way, () => Promise<unknown>> = {
    list,
    'list + containers': async () => [await list(), await docker.listContainers({ all: true })],
    'list + inspect': async () =>
      eachOf(await list(), 8, async ({ Id }) => void (await docker.getImage(Id).inspect())),
    'system df': () => docker.df(),
    'plan, cold': () => plan(newPlanner(watch.settled)),
    'plan, warm': () => plan(warm),
  };
  return {
    run: (way: Way) => run[way](),
    async close() {
      stop.abort();
      await watching;
    },
  };
}

function mark(ratio: number, most: number): string {
  return `${ratio.toFixed(2)}${ratio > most ? ' (missed)' : ''}`;
}
