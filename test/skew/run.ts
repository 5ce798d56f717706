import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { buildFormer } from './_former.ts';

// Bots and agents of this version with those of a former one: `npm run test:skew -- --former 5cbacca`.

const { values } = parseArgs({
  options: {
    /** By default the last commit before bots acknowledged reports. */
    former: { type: 'string', default: '5cbacca' },
    /** Writes what that version stores and sends to a file, instead of testing against it. */
    record: { type: 'string' },
  },
});
const { dir, bin } = buildFormer(values.former);
const child = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/skew/vitest.config.ts'],
  {
    stdio: 'inherit',
    // A story that is skipped here would be taken for one that passed.
    env: { ...process.env, CI: 'true', DIMG_FORMER: bin, DIMG_RECORD: values.record ?? '' },
  },
);
process.exitCode = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
rmSync(dir, { recursive: true, force: true });
