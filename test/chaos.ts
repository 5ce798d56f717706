import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fakeTime } from './chaos/options.ts';
import { runAll, tallyWords } from './chaos/run-all.ts';
import { runSabotaged, sabotagesOf } from './chaos/sabotage.ts';
import { SABOTAGES } from './chaos/sabotages.ts';
import { KINDS, type Kind, USUAL } from './chaos/schedule.ts';

// Real processes, killed and cut off at random instants: `npm run test:chaos -- --schedules 200 --seed 1`.

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    /** The number of the first schedule. */
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
    parallel: { type: 'string', default: '2' },
    hosts: { type: 'string', default: '2' },
    faults: { type: 'string', default: USUAL.join(',') },
    quick: { type: 'boolean', default: false },
    'lenient-unknown': { type: 'boolean', default: false },
    limits: { type: 'boolean', default: false },
    'until-red': { type: 'boolean', default: false },
    /** Takes a guard away, by its name or `all`, and expects to be red within `--schedules`. */
    sabotage: { type: 'string' },
    /** Prints what happened in every schedule. */
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run test:chaos -- [options]
  --schedules N     how many (100)
  --seed S          what they are drawn from (1); a schedule is drawn from S and its number alone
  --from K          the first number (0)
  --only K,L        these numbers only, such as one that was red
  --parallel P      worlds at once (2)
  --hosts H         hosts in each world (2)
  --faults A,B      kinds of faults (${USUAL.join(',')}):
${Object.entries(KINDS)
  .map(([kind, words]) => `                      ${kind.padEnd(9)} ${words}`)
  .join('\n')}
  --quick           only faults that are recovered from quickly, as in npm test
  --lenient-unknown a card that stays unknown once all is well is no violation
  --sabotage NAMES  take guards of the product away, one at a time, and expect red within --schedules; or all:
${SABOTAGES.map(({ name, guard }) => `                      ${name.padEnd(19)} ${guard}`).join('\n')}
  --limits          bots keep to Slack's limits, which takes three times as long; else they are taken out of them
  --verbose         what happened, also where all held
  --until-red       stop at the first violation
The same schedule does the same things at the same moments as far as they can be told; when a process gets how far is
not ours to say, so what is red once need not be red every time.`);
  process.exit(0);
}

const kinds = values.faults.split(',');
const strange = kinds.find((kind) => !Object.hasOwn(KINDS, kind));
if (strange !== undefined) {
  console.error(`There is no fault ${strange}: ${Object.keys(KINDS).join(', ')}.`);
  process.exit(2);
}
if (kinds.includes('clock') && !fakeTime())
  console.log(
    'Not tested: clocks that are set, since there is no libfaketime (apt-get install libfaketime).',
  );
const from = Number(values.from);
const numbers = values.only
  ? values.only.split(',').map(Number)
  : Array.from({ length: Number(values.schedules) }, (_, i) => from + i);
const options = {
  ...{ seed: Number(values.seed), numbers, parallel: Number(values.parallel), kinds: kinds as Kind[] },
  hosts: Array.from({ length: Number(values.hosts) }, (_, i) => `host-${i + 1}`),
  dist: join(import.meta.dirname, '..', 'dist'),
  ...{
    quick: values.quick,
    strictUnknown: !values['lenient-unknown'],
    limits: values.limits,
    untilRed: values['until-red'],
    verbose: values.verbose,
  },
  say: (text: string) => console.log(text),
};
if (values.sabotage) await sabotage(values.sabotage);
else await held();

async function held(): Promise<void> {
  const { results, red, leaks, ms } = await runAll(options);
  for (const leak of leaks) console.log(`✗ ${leak}`);
  const rate = (results.length / ms) * 60_000;
  console.log(
    `seed ${values.seed}: ${results.length} schedules, ${red.length} red, in ${Math.round(ms / 1000)} s, ${rate.toFixed(1)} a minute`,
  );
  console.log(tallyWords(results));
  if (red.length > 0) console.log(`red: ${red.map(({ schedule }) => schedule.number).join(',')}`);
  process.exitCode = red.length + leaks.length > 0 ? 1 : 0;
}

async function sabotage(names: string): Promise<void> {
  const ends = [];
  for (const one of sabotagesOf(names)) {
    console.log(`\nwithout ${one.name}: ${one.guard}`);
    ends.push(await runSabotaged(one, options));
  }
  console.log('\nguard taken away     schedules until red');
  for (const { sabotage: one, red, by } of ends)
    console.log(
      `${one.name.padEnd(20)} ${red === null ? 'NOT SEEN' : String(red).padStart(8)}  ${by.slice(0, 140)}`,
    );
  process.exitCode = ends.every(({ red }) => red !== null) ? 0 : 1;
}
