import { join } from 'node:path';
import type { Child } from '../../../playground/parts/child.ts';
import type { Redis } from '../../../playground/parts/redis.ts';
import type { Scope } from '../../../playground/parts/scope.ts';
import { HOST } from './_setup.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'agents', 'host', 'main.ts');
const PROGRAM = `import { runAgent } from ${JSON.stringify(MAIN)}; process.exit(await runAgent(process.env));`;
let starts = 0;

/** An agent as a process of its own, ready, which a test may kill. */
export async function spawnAgent(
  scope: Scope,
  { url }: Pick<Redis, 'url'>,
  engine: string,
  state: string,
  env: Record<string, string> = {},
): Promise<Child> {
  const child = await scope.spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', PROGRAM],
    {
      name: `agent-${++starts}`,
      env: { DIMG_HOST: HOST, REDIS_URL: url, DOCKER_HOST: engine, DIMG_STATE_DIR: state, ...env },
    },
  );
  await child.until('it was ready', () => child.log().includes('"msg":"ready"'), 30_000);
  return child;
}
