import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { bundled } from './simulate/_bundle.ts';
import { liveSeeds, relive, shape, shrink, type Tally } from './simulate/_seeds.ts';

// Lives of the whole product in virtual time: `npm run test:simulate -- --schedules 1000000 --seed 1`; one of them again,
// with all that happens in it: `npm run test:simulate -- --only 4711`.

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    /** A schedule by its own seed: its trace, and what is left of it when all that can be dropped is. */
    only: { type: 'string' },
    workers: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    /** Redis forgets as well: all, or what came last. */
    forgetful: { type: 'boolean', default: false },
    /** Of the workers themselves. */
    from: { type: 'string' },
    count: { type: 'string' },
  },
});
const { forgetful } = values;
const options = { kinds: { forgetful } };
/** Seeds that a worker takes at a time. */
const SHARE = 500;

if (values.from !== undefined) {
  process.send?.(await liveSeeds(Number(values.from), Number(values.count), options));
  process.on('message', async ({ from, count }: { from: number; count: number }) => {
    process.send?.(await liveSeeds(from, count, options));
  });
} else if (values.only !== undefined) process.exitCode = await tell(Number(values.only));
else process.exitCode = await all(Number(values.seed), Number(values.schedules), Number(values.workers));

async function tell(seed: number): Promise<number> {
  const { draw } = await import('./simulate/_schedule.ts');
  const schedule = draw(seed, { forgetful });
  console.log(JSON.stringify(schedule, null, 1));
  const { violation, trace, hash } = await relive(schedule, options);
  console.log(trace.join('\n'));
  if (violation === null) {
    console.log(`all promises held (${hash})`);
    return 0;
  }
  const least = await shrink(schedule, violation, options);
  const { trace: short } = await relive(least, options);
  console.log(`\n--- the same with less\n${JSON.stringify(least, null, 1)}\n${short.join('\n')}`);
  console.log(`\n${violation}`);
  return 1;
}

async function all(first: number, schedules: number, workers: number): Promise<number> {
  const program = await bundled(import.meta.filename);
  const since = performance.now();
  const sum: Tally = {
    ...{ schedules: 0, events: 0, seconds: 0, runs: 0, deleted: 0, unknown: 0 },
    ...{ states: {}, found: [] },
  };
  let next = first;
  const end = first + schedules;
  let told = since;
  await Promise.all(Array.from({ length: workers }, () => worker()));
  say(true);
  for (const [promise, seeds] of byShape(sum))
    console.log(`${seeds.length}× ${promise}: --only ${seeds.slice(0, 5).join(', ')}`);
  return sum.found.length > 0 ? 1 : 0;

  function worker(): Promise<void> {
    const take = () => {
      const from = next;
      next = Math.min(end, next + SHARE);
      return { from, count: next - from };
    };
    const { from, count } = take();
    if (count === 0) return Promise.resolve();
    const flags = forgetful ? ['--forgetful'] : [];
    const child = fork(program, ['--from', String(from), '--count', String(count), ...flags], {
      // Most of what a schedule makes is garbage at its end.
      execArgv: ['--max-semi-space-size=64'],
    });
    return new Promise((resolve, reject) => {
      child.on('message', (tally: Tally) => {
        merge(sum, tally);
        if (performance.now() - told > 30_000) say(false);
        const more = take();
        if (more.count > 0) child.send(more);
        else {
          child.disconnect();
          resolve();
        }
      });
      child.once('exit', (code) => {
        if (code !== 0) reject(new Error(`a worker ended with ${code}`));
      });
    });
  }

  function say(last: boolean): void {
    told = performance.now();
    const seconds = (told - since) / 1000;
    const { states, found, ...numbers } = sum;
    const rate = Math.round(sum.schedules / seconds);
    console.log(`${sum.schedules} schedules, ${rate} a second, ${found.length} violations`);
    if (last)
      console.log(JSON.stringify({ ...numbers, states, seed: first, minutes: Math.round(seconds / 6) / 10 }));
  }
}

function merge(sum: Tally, one: Tally): void {
  sum.schedules += one.schedules;
  sum.events += one.events;
  sum.seconds += Math.round(one.seconds);
  sum.runs += one.runs;
  sum.deleted += one.deleted;
  sum.unknown += one.unknown;
  for (const [state, n] of Object.entries(one.states)) sum.states[state] = (sum.states[state] ?? 0) + n;
  for (const found of one.found) {
    console.log(`seed ${found.seed}: ${found.violation}`);
    sum.found.push(found);
  }
}

function byShape({ found }: Tally): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  for (const { seed, violation } of found)
    shapes.set(shape(violation), [...(shapes.get(shape(violation)) ?? []), seed]);
  return shapes;
}
