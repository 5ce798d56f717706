import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { ownEngine } from './own-engine.ts';
import { startPage } from './page/server.ts';
import { type EngineKind, engineKind } from './parts/any-engine.ts';
import { lacking } from './parts/available.ts';
import { createScope, type Scope } from './parts/scope.ts';
import { play } from './play.ts';
import { REGISTRY, startSampleRegistry, whyNoRegistry } from './registries.ts';
import { loadSamples } from './samples.ts';
import { type Line, parseScript, ScriptError, withoutRegistry } from './script.ts';
import { startWorld } from './world.ts';

const HOSTS = ['host-1', 'host-2', 'host-3'];
const USAGE = `Usage: npm run try [-- OPTIONS]
Opens a Slack channel in your browser: the real bot, and agents ${HOSTS.join(', ')} beside throwaway Docker
engines with sample images; with real engines also a throwaway registry, ${REGISTRY}, where docker-registry is installed.
People are ana, bo, cy, and the guest gus; bo and cy may approve.
  --script FILE     play FILE in the terminal instead; "tour" is built in, "-" is standard input.
                    A line is "ana: /dimg prune host-3 -a", "ana: [Delete]", "bo: [Approve]",
                    "cy: [Deny] not today", "wait 2s" or "# a comment"; " &" at its end goes on at once
  --engine ADDRESS  add your own engine as the host "mine", e.g. unix:///var/run/docker.sock
  --simulated       simulated engines, also where real ones can be had
  --port N          of the page`;

interface Chosen {
  lines: Line[] | null;
  kind: EngineKind;
  why: string;
  /** Why there is no registry. */
  without: string | undefined;
  engine: string | undefined;
  port: number;
}

process.exitCode = await main();

async function main(): Promise<number> {
  let chosen: Chosen | null;
  try {
    chosen = await choose();
  } catch (error) {
    return complain((error as Error).message);
  }
  if (!chosen) {
    print(USAGE);
    return 0;
  }
  const missing = lacking('redis', ...(chosen.kind === 'real' ? (['engines', 'busybox'] as const) : []));
  if (missing !== undefined) return complain(missing);
  const scope = createScope('try');
  try {
    return await run(scope, chosen);
  } catch (error) {
    return complain(`\n${(error as Error).message}`);
  } finally {
    await scope.close();
  }
}

async function choose(): Promise<Chosen | null> {
  const { values } = parseArgs({
    options: {
      script: { type: 'string' },
      engine: { type: 'string' },
      simulated: { type: 'boolean' },
      port: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return null;
  const port = Number(values.port ?? 0);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error('--port must be a number up to 65535.');
  const { kind, why } = values.simulated
    ? { kind: 'simulated' as const, why: 'Simulated engines, as asked.' }
    : engineKind();
  const without = whyNoRegistry(kind);
  return {
    lines: values.script === undefined ? null : await readScript(values.script, without === undefined),
    kind,
    why,
    without,
    engine: values.engine,
    port,
  };
}

async function run(scope: Scope, { lines, kind, why, without, engine, port }: Chosen): Promise<number> {
  const started = Date.now();
  const world = await startWorld(scope, { hosts: HOSTS, kind });
  const own = engine === undefined ? null : ownEngine(engine);
  const [registry] = await Promise.all([
    without === undefined ? startSampleRegistry(scope, world, 'host-2', Date.now()) : null,
    world.startBot(),
    ...HOSTS.map(async (host) => {
      await loadSamples(world.engine(host).docker, host, Date.now());
      await world.startAgent(host);
    }),
    ...(own ? [world.startAgent(own.name, own.env)] : []),
  ]);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const agents = HOSTS.length + (own ? 1 : 0) + (registry ? 1 : 0);
  print(`Slack stand-in, bot, Redis, and ${agents} agents are up (${seconds} s). ${why}`);
  print(without ?? `A registry as well: ${REGISTRY}, with the repositories team/app and team/web.`);
  if (lines) {
    await play({ slack: world.slack, channel: 'C0OPS', print }, lines);
    const [rejected] = world.slack.rejected;
    if (!rejected) return 0;
    return complain(
      `Slack refused a message: ${rejected.method} ${rejected.error} ${rejected.detail.join(' ')}`,
    );
  }
  const engines = new Map<
    string,
    { docker: (typeof world.engines extends Map<string, infer E> ? E : never)['docker'] }
  >(world.engines);
  if (own) engines.set(own.name, own);
  const registries = new Map(registry ? [[REGISTRY, registry]] : []);
  const page = await startPage({ slack: world.slack, engines, registries, kind, port });
  scope.defer(() => page.close());
  const also = registry ? `, or /dimg registry tags ${REGISTRY}/team/app` : '';
  print(`\n  ${page.url}\n\nType /dimg help there${also}. Ctrl-C ends it and takes everything away.`);
  await interrupted();
  return 0;
}

async function readScript(name: string, hasRegistry: boolean): Promise<Line[]> {
  try {
    if (name === '-') return parseScript(await readAll(process.stdin));
    if (name !== 'tour') return parseScript(await readFile(name, 'utf8'));
    const tour = parseScript(await readFile(join(import.meta.dirname, 'tour.txt'), 'utf8'));
    return hasRegistry ? tour : withoutRegistry(tour);
  } catch (error) {
    if (error instanceof ScriptError) throw error;
    throw new Error(`The script can't be read: ${(error as Error).message}`);
  }
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`);
  return 1;
}
