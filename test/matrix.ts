import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ownRelease, RELEASES } from '../playground/parts/engine-release.ts';
import { makeRoot } from '../playground/parts/engine-root.ts';

// Everything that is said of engines, on every kind of them: `npm run test:matrix -- --worlds 200 --seed 1`.

const { values } = parseArgs({
  options: {
    engines: { type: 'string', default: [...Object.keys(RELEASES), 'simulated'].join(',') },
    seed: { type: 'string', default: '1' },
    /** Random hosts for each engine. */
    worlds: { type: 'string', default: '200' },
    /** Of another client with an execution, for each engine. */
    overlaps: { type: 'string', default: '500' },
    /** Pairs of engines with Docker's own prune, docker-gc's and docuum's choices on one. */
    twins: { type: 'string', default: '50' },
    /** Of random requests, to each real engine and the simulated one of its kind. */
    sequences: { type: 'string', default: '200' },
  },
});

const SUITES = ['test/contract', 'test/agents', 'test/property'];
const results: { engine: string; suite: string; ok: boolean; seconds: number }[] = [];
const asked = values.engines.split(',');
const unknown = asked.find((kind) => kind !== 'simulated' && !Object.hasOwn(RELEASES, kind));
if (unknown !== undefined) {
  console.error(`There is no engine ${unknown}: ${Object.keys(RELEASES).join(', ')}, simulated.`);
  process.exit(2);
}
for (const kind of asked) {
  if (kind === 'simulated') {
    await suite(kind, 'test/contract/simulated.test.ts', {});
    continue;
  }
  const release = kind as keyof typeof RELEASES;
  if (release !== ownRelease()) makeRoot(RELEASES[release].suite);
  for (const folder of SUITES) await suite(kind, folder, { DIMG_ENGINE: kind });
}
console.log('\nengine           suite           seconds');
for (const { engine, suite: name, ok, seconds } of results)
  console.log(
    `${engine.padEnd(16)} ${name.padEnd(15)} ${String(seconds).padStart(7)}  ${ok ? 'passed' : 'FAILED'}`,
  );
process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;

async function suite(engine: string, path: string, env: Record<string, string>): Promise<void> {
  const start = performance.now();
  console.log(`\n== ${engine}: ${path}`);
  const { seed, worlds, overlaps, twins, sequences } = values;
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', path], {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...env,
      // A suite that is skipped here would be taken for one that passed.
      CI: 'true',
      ...{ DIMG_SEED: seed, DIMG_WORLDS: worlds, DIMG_OVERLAPS: overlaps, DIMG_TWINS: twins },
      ...{ DIMG_CONTRACT_SEED: seed, DIMG_CONTRACT_SEQUENCES: sequences },
    },
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  results.push({
    engine,
    suite: path,
    ok: code === 0,
    seconds: Math.round((performance.now() - start) / 1000),
  });
}
