#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { nearest } from './domain/nearest.ts';
import { readOptions } from './options.ts';

const HELP: Record<string, string> = {
  bot: `dimg bot [--allow-volatile]
Takes commands from Slack and hands jobs to agents.
Environment: SLACK_BOT_TOKEN; SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET and PORT (HTTP);
REDIS_URL (default: redis://127.0.0.1:6379); DIMG_CONFIG (a YAML file); SLACK_API_URL; LOG_LEVEL.
Secrets also as NAME_FILE.
  --allow-volatile  start though Redis may lose data`,
  agent: `dimg agent
Runs beside a Docker engine and does its jobs.
Environment: DIMG_HOST (default: the hostname); REDIS_URL (default: redis://127.0.0.1:6379); DOCKER_HOST,
DOCKER_TLS_VERIFY, DOCKER_CERT_PATH; DOCKER_CONFIG (credentials that an undo pulls with);
DIMG_AGENT_CONFIG (a YAML file); DIMG_STATE_DIR (default: /var/lib/dimg); LOG_LEVEL.`,
};
const USAGE = `Usage: dimg <bot|agent|verify> [--help]
       dimg --version
  bot     takes commands from Slack, keeps runs and the audit in Redis, and hands jobs to agents
  agent   runs beside a Docker engine, and does the jobs that are for its host
  verify  says whether a mirror file of the audit is whole`;
const NAMES = ['bot', 'agent', 'verify', 'help'];

// What is still waiting by then, a timer or a reconnecting socket, has nothing left to say.
process.exit(await main(process.argv.slice(2)));

async function main([name, ...args]: string[]): Promise<number> {
  if (name === '--version') return print(version());
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return print(USAGE);
  // Its own file reads the rest: what verifies the audit loads neither Slack's packages nor Redis's.
  if (name === 'verify')
    return (await import('./verify-file.ts')).verifyFile(args, process.env, {
      in: process.stdin,
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
    });
  const help = HELP[name];
  if (help === undefined) {
    const near = nearest(name, NAMES);
    return complain(
      `dimg: there is no "${name}".${near === undefined ? '' : ` Did you mean ${near}?`}\n${USAGE}`,
    );
  }
  let values: Record<string, unknown>;
  try {
    ({ values } = readOptions(args, {
      help: { type: 'boolean', short: 'h' },
      ...(name === 'bot' && { 'allow-volatile': { type: 'boolean' as const } }),
    }));
  } catch (error) {
    return complain(
      `dimg ${name}: ${(error as Error).message.replace(/[.?]?$/, (end) => end || '.')}\n${help}`,
    );
  }
  if (values.help) return print(help);
  // Loaded only now: Slack's packages would cost an agent 70 MB.
  if (name === 'agent')
    return (await import('../agents/host/main.ts')).runAgent(process.env, { version: version() });
  const { runBot } = await import('./main.ts');
  const { processSignals } = await import('../agents/host/signals.ts');
  try {
    await runBot(process.env, { allowVolatile: values['allow-volatile'] === true }, processSignals());
    return 0;
  } catch (error) {
    const isConfig = (error as Error).name === 'ConfigError';
    process.stderr.write(`dimg bot: ${(error as Error).message}\n`);
    return isConfig ? 2 : 1;
  }
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function complain(text: string): number {
  process.stderr.write(`${text}\n`);
  return 2;
}
