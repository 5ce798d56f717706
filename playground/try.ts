import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { lacking } from './parts/available.ts';
import { createScope } from './parts/scope.ts';
import { play } from './play.ts';
import { loadSamples } from './samples.ts';
import { parseScript, ScriptError } from './script.ts';
import { startWorld } from './world.ts';

const HOSTS = ['host-1', 'host-2', 'host-3'];
const USAGE = `Usage: npm run try -- --script FILE
Plays FILE on a Slack stand-in, the real bot, and agents ${HOSTS.join(', ')} on real throwaway Docker engines.
--script tour is a built-in tour; --script - reads from standard input.
A line is "ana: /dimg prune host-3 -a", "ana: [Delete]", "bo: [Approve]", "wait 2s" or "# a comment".
People are ana, bo, cy, and the guest gus; bo and cy may approve.`;

process.exitCode = await main();

async function main(): Promise<number> {
  let script: string | undefined;
  try {
    ({ script } = parseArgs({ options: { script: { type: 'string' } } }).values);
  } catch (error) {
    return complain(`${(error as Error).message}\n${USAGE}`);
  }
  if (script === undefined) return complain(USAGE);
  let lines: ReturnType<typeof parseScript>;
  try {
    lines = parseScript(await readScript(script));
  } catch (error) {
    return complain(
      error instanceof ScriptError ? error.message : `The script can't be read: ${(error as Error).message}`,
    );
  }
  const missing = lacking('redis', 'engines', 'busybox');
  if (missing !== undefined) return complain(missing);

  const scope = createScope('try');
  try {
    const started = Date.now();
    const world = await startWorld(scope, { hosts: HOSTS });
    await Promise.all(HOSTS.map((host) => loadSamples(world.engine(host).docker, host, Date.now())));
    await Promise.all([world.startBot(), ...HOSTS.map((host) => world.startAgent(host))]);
    print(
      `Slack stand-in, bot, Redis, and ${HOSTS.length} agents on real engines are up (${((Date.now() - started) / 1000).toFixed(1)} s).`,
    );
    await play({ slack: world.slack, channel: 'C0OPS', print }, lines);
    const [rejected] = world.slack.rejected;
    if (rejected)
      return complain(
        `Slack refused a message: ${rejected.method} ${rejected.error} ${rejected.detail.join(' ')}`,
      );
    return 0;
  } catch (error) {
    return complain(`\nThe script could not be played: ${(error as Error).message}`);
  } finally {
    await scope.close();
  }
}

function readScript(name: string): Promise<string> {
  if (name === '-') return readAll(process.stdin);
  return readFile(name === 'tour' ? join(import.meta.dirname, 'tour.txt') : name, 'utf8');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`);
  return 1;
}
