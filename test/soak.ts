import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createScope } from '../playground/parts/scope.ts';
import { type Sample, sample } from './chaos/inspector.ts';
import { openLogs } from './chaos/logs.ts';
import { tallyWords } from './chaos/run-all.ts';
import { newThread, type Result, runSchedule } from './chaos/run-schedule.ts';
import { draw } from './chaos/schedule.ts';
import { describe } from './chaos/words.ts';
import { openWorld, SECRETS } from './chaos/world.ts';

// Bot and agents that live on under faults and commands: `npm run test:soak -- --minutes 30 --seed 1`.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    /** Hosts with a dockerd of their own; the others are simulated. */
    real: { type: 'string', default: '2' },
    hosts: { type: 'string', default: '5' },
  },
});
const EVERY_MS = 10_000;
/** Over the last two thirds; what is allowed is told by `verdict`. */
const KINDS = ['kill', 'pause', 'cut', 'engine', 'slack', 'disk'] as const;

const seed = Number(values.seed);
const hosts = Array.from({ length: Number(values.hosts) }, (_, i) => `host-${i + 1}`);
const scope = createScope('soak');
const samples = new Map<string, (Sample & { at: number })[]>();
const results: Result[] = [];
const fallen: string[] = [];
let ending = false;
try {
  const logs = openLogs(scope.dir, Object.values(SECRETS));
  const thread = newThread(logs);
  const world = await openWorld(
    scope,
    {
      ...{ hosts, simulated: hosts.slice(Number(values.real)), clocks: false },
      ...{ dist: join(import.meta.dirname, '..', 'dist'), nodeArgs: ['--inspect=127.0.0.1:0'] },
    },
    (name, code, signal) => {
      if (!ending) fallen.push(`${name} ended by itself with ${code ?? signal}`);
    },
  );
  const end = performance.now() + Number(values.minutes) * 60_000;
  let over = false;
  const sampling = (async () => {
    while (!over) {
      await sleep(EVERY_MS);
      for (const [name, one] of world.processes) {
        const pid = one.pid();
        if (pid === undefined || !one.isReady()) continue;
        // Who is paused or busy is asked again in ten seconds.
        const got = await sample(pid, one.log()).catch(() => undefined);
        if (got) samples.set(name, [...(samples.get(name) ?? []), { ...got, at: performance.now() }]);
      }
    }
  })();
  for (let number = 0; performance.now() < end; number++) {
    const schedule = draw(seed, number, { hosts, kinds: KINDS, quick: true, spare: true });
    const result = await runSchedule(world, thread, schedule, { strictUnknown: false });
    results.push(result);
    if (result.violations.length === 0) continue;
    for (const one of result.violations) console.log(`✗ schedule ${number}: ${one}`);
    for (const line of describe(schedule)) console.log(`  ${line}`);
  }
  over = true;
  ending = true;
  await sampling;
} finally {
  await scope.close();
}

for (const one of fallen) console.log(`✗ ${one}`);
console.log(
  `\n${results.length} schedules in ${values.minutes} minutes, seed ${seed}; ${tallyWords(results)}`,
);
console.log('process, samples, and of the last two thirds: the mean, and the slope of a line through them');
let flat = true;
for (const [name, all] of [...samples].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const columns = (['heap', 'rss', 'files', 'resources'] as const).map((key) => verdict(key, all));
  flat &&= columns.every(({ held }) => held);
  console.log(
    `${name.padEnd(16)} ${String(all.length).padStart(5)}  ${columns.map(({ words }) => words).join('  ')}`,
  );
}
const red = results.filter((one) => one.violations.length > 0).length;
console.log(`${flat ? 'Flat.' : 'NOT FLAT.'} ${red} schedules red.`);
process.exitCode = flat && red === 0 && fallen.length === 0 ? 0 : 1;

/** Whether a line through the last two thirds rises by no more than what such a line rises by chance. */
function verdict(key: 'heap' | 'rss' | 'files' | 'resources', all: readonly (Sample & { at: number })[]) {
  const bytes = key === 'heap' || key === 'rss';
  const scale = bytes ? 1e6 : 1;
  const late = all.slice(Math.floor(all.length / 3));
  const xs = late.map(({ at }) => at / 60_000);
  const ys = late.map((one) => one[key] / scale);
  const mean = (list: readonly number[]) =>
    list.reduce((sum, one) => sum + one, 0) / Math.max(1, list.length);
  const [mx, my] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  const slope = spread === 0 ? 0 : xs.reduce((sum, x, i) => sum + (x - mx) * ((ys[i] ?? 0) - my), 0) / spread;
  const rise = slope * ((xs.at(-1) ?? 0) - (xs[0] ?? 0));
  const allowed = bytes ? Math.max(4, 0.08 * my) : Math.max(4, 0.15 * my);
  const held = rise <= allowed;
  const words = `${key} ${my.toFixed(1)}${bytes ? ' MB' : ''} ${slope >= 0 ? '+' : ''}${slope.toFixed(2)}/min${held ? '' : ' RISES'}`;
  return { held, words: words.padEnd(30) };
}
