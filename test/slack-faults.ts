import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

// A Slack that fails, and bots that die: `npm run test:slack-faults -- --faults 10000 --seed 1`.

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    /** One batch again, by the seed that its name tells. */
    only: { type: 'string' },
    redis: { type: 'string', default: 'simulated' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run test:slack-faults -- [options]
  --faults N   how many, in batches of 250, each with a Slack and bots of its own (10000)
  --seed S     what they are drawn from (1)
  --redis R    simulated, or real, which takes several times as long (simulated)
  --only K     one batch, by its seed, such as one that was red
The same batch meets the same faults only as far as its calls come in the same order, which real sockets decide.`);
  process.exit(0);
}

const child = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--reporter=verbose', 'test/slack/faults.test.ts'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      // What is skipped here would be taken for what passed.
      ...{
        CI: 'true',
        DIMG_SLACK_FAULTS: values.faults,
        DIMG_SEED: values.seed,
        DIMG_SLACK_REDIS: values.redis,
      },
      ...(values.only !== undefined && { DIMG_SLACK_ONLY: values.only }),
    },
  },
);
process.exitCode = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
