import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startEngine } from '../../playground/parts/engine.ts';
import { startRedis } from '../../playground/parts/redis.ts';
import type { Scope } from '../../playground/parts/scope.ts';
import { startWitness } from '../../playground/parts/witness.ts';
import { startSimulatedEngine } from '../../playground/simulated/index.ts';
import { startSlack } from '../../playground/slack/index.ts';
import { type DimgProcess, openDimgProcess } from './dimg-process.ts';
import { openEngineRequests } from './engine-requests.ts';
import { type Line, openLine } from './line.ts';
import { EXPIRES_MS, fakeTime, type WorldOptions } from './options.ts';

/** None of them may ever be seen in a log, a message or Redis. */
export const SECRETS = {
  bot: 'xoxb-canary-5f1d2c7a90',
  app: 'xapp-canary-8e4b6630d1',
  redis: 'redis-canary-77c2be19',
} as const;

export const REDIS_USER = 'dimg';

export type World = Awaited<ReturnType<typeof openWorld>>;

/** Nobody waits ten minutes here until a deletion that no engine heard of is known to have failed. */
const DELETION_MS = 6_000;

/**
 * The product on real parts, with a line of ours between any two of them. Lives through many schedules; what `fell` is
 * told ended by itself.
 */
export async function openWorld(
  scope: Scope,
  { hosts, dist, clocks, simulated = [], nodeArgs = [] }: WorldOptions,
  fell: (name: string, code: number | null, signal: string | null, ready: boolean) => void,
) {
  const bin = join(dist, 'src', 'bin.js');
  const main = JSON.stringify(join(dist, 'agents', 'host', 'main.js'));
  const agent = [
    ...['--input-type=module', '--eval'],
    `import { runAgent } from ${main}; process.exit(await runAgent(process.env, { deletionMs: ${DELETION_MS} }));`,
  ];
  const disk = (name: string, size: string) => {
    const dir = join(scope.dir, name);
    mkdirSync(dir);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]);
    return dir;
  };
  const disks = new Map<string, string>();
  disks.set('redis', disk('redis', '64m'));
  for (const host of hosts) {
    disks.set(`state ${host}`, disk(`state-${host}`, '6m'));
    disks.set(`engine ${host}`, disk(`data-${host}`, '48m'));
  }
  const redis = await startRedis(scope, {
    args: ['--user', REDIS_USER, 'on', `>${SECRETS.redis}`, '~*', '&*', '+@all'],
  });

  const lines = new Map<string, Line>();
  const line = async (...args: Parameters<typeof openLine>) => {
    const opened = await openLine(...args);
    lines.set(args[0], opened);
    scope.defer(opened.close);
    return opened;
  };
  // The stand-in tells the bots where to open their sockets, so the line to it is there before it.
  let slackPort = 0;
  const toSlack = await line('bots to slack', () => ({ port: slackPort }));
  const slack = await startSlack({
    botToken: SECRETS.bot,
    appToken: SECRETS.app,
    socketHost: `127.0.0.1:${toSlack.port}`,
  });
  slackPort = Number(new URL(slack.url).port);
  scope.defer(() => slack.close());

  const botConfig = join(scope.dir, 'bot.yaml');
  const agentConfig = join(scope.dir, 'agent.yaml');
  writeFileSync(botConfig, `approval:\n  approvers: [U0BO, U0CY]\n  expires: ${EXPIRES_MS / 1000}s\n`);
  writeFileSync(agentConfig, 'min-age: 0s\nprotect: ["keep-*"]\n');

  const processes = new Map<string, DimgProcess>();
  const clockFile = (name: string) => join(scope.dir, `clock-${name.replaceAll(' ', '-')}`);
  const dimg = async (name: string, args: readonly string[], env: Record<string, string>) => {
    const toRedis = await line(`${name} to redis`, () => ({ port: redis.port }));
    const clock = clockFile(name);
    writeFileSync(clock, '+0\n');
    const library = clocks ? fakeTime() : undefined;
    processes.set(
      name,
      openDimgProcess({
        ...{ scope, name, fell, args: [...nodeArgs, ...args] },
        env: () => ({
          ...BARE,
          REDIS_URL: `redis://${REDIS_USER}:${SECRETS.redis}@127.0.0.1:${toRedis.port}`,
          ...(library && {
            ...{ LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_CACHE_DURATION: '1' },
            ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', FAKETIME_DONT_RESET: '1' },
          }),
          ...env,
        }),
      }),
    );
  };

  const botEnv = {
    SLACK_BOT_TOKEN: SECRETS.bot,
    SLACK_APP_TOKEN: SECRETS.app,
    SLACK_API_URL: `http://127.0.0.1:${toSlack.port}/api/`,
    DIMG_CONFIG: botConfig,
  };
  const requests = openEngineRequests();
  const engines = new Map(
    await Promise.all(
      hosts.map(async (host) => {
        const dataRoot = disks.get(`engine ${host}`) as string;
        const engine = simulated.includes(host)
          ? await startSimulatedEngine(scope, { name: host })
          : await startEngine(scope, { name: host, dataRoot });
        const witness = await startWitness(engine);
        scope.defer(witness.stop);
        const listenAt = join(scope.dir, `${host}.sock`);
        const sent = requests.hear(host);
        await line(`agent ${host} to engine`, () => ({ path: engine.socket }), { listenAt, sent });
        await dimg(`agent ${host}`, agent, {
          DIMG_HOST: host,
          DOCKER_HOST: `unix://${listenAt}`,
          DIMG_AGENT_CONFIG: agentConfig,
          DIMG_STATE_DIR: disks.get(`state ${host}`) as string,
        });
        return [host, { ...engine, witness }] as const;
      }),
    ),
  );
  for (const name of ['bot-1', 'bot-2']) await dimg(name, [bin, 'bot'], botEnv);

  const direct = new Redis(redis.url, { retryStrategy: () => 100, maxRetriesPerRequest: null });
  direct.on('error', () => {});
  scope.defer(() => direct.disconnect());
  return { scope, hosts, redis, direct, slack, engines, requests, lines, disks, processes, clockFile };
}

// --- internal ---

/** What the person who runs this has set for their own dimg or Docker must not reach these. */
const BARE: Record<string, string> = Object.fromEntries(
  [
    ...['DIMG_SIGNING_KEY', 'DIMG_TRUSTED_KEYS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'DOCKER_CONFIG'],
    ...['SLACK_SIGNING_SECRET', 'REDIS_URL_FILE', 'LOG_LEVEL', 'NODE_OPTIONS'],
  ].map((name) => [name, '']),
);
