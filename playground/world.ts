import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EngineKind, startAnyEngine } from './parts/any-engine.ts';
import type { Child } from './parts/child.ts';
import { startRedis } from './parts/redis.ts';
import type { Scope } from './parts/scope.ts';
import { type Options as SlackOptions, startSlack } from './slack/index.ts';

const BIN = join(import.meta.dirname, '..', 'dist', 'src', 'bin.js');

export interface WorldOptions {
  hosts: readonly string[];
  /** Real engines by default. */
  kind?: EngineKind;
  /** YAML; by default bo and cy may approve. */
  botConfig?: string;
  /** YAML; by default `min-age: 0s`, since sample images arrive just now. */
  agentConfig?: string;
  slack?: SlackOptions;
}
export type World = Awaited<ReturnType<typeof startWorld>>;

/** The whole product on real parts: Redis, the Slack stand-in, and the built bot, agents and engines as processes. */
export async function startWorld(scope: Scope, options: WorldOptions) {
  if (!existsSync(BIN)) throw new Error('dist/ is missing: run `npm run build` first.');
  const config = join(scope.dir, 'bot.yaml');
  const agentConfig = join(scope.dir, 'agent.yaml');
  await writeFile(config, options.botConfig ?? 'approval:\n  approvers: [U0BO, U0CY]\n');
  await writeFile(agentConfig, options.agentConfig ?? 'min-age: 0s\n');
  const [redis, slack, engines] = await Promise.all([
    startRedis(scope),
    startSlack(options.slack),
    Promise.all(options.hosts.map((name) => startAnyEngine(scope, { name, kind: options.kind ?? 'real' }))),
  ]);
  scope.defer(() => slack.close());

  let starts = 0;
  async function start(name: string, args: string[], env: Record<string, string>, bin = BIN): Promise<Child> {
    const child = await scope.spawn(process.execPath, [bin, ...args], {
      name: `${name}-${++starts}`,
      env: { ...BARE, REDIS_URL: redis.url, ...env },
      stopLimitMs: 15_000,
    });
    await child.until(`${name} ready`, async () => child.log().includes('"msg":"ready"'), 30_000);
    return child;
  }

  return {
    redis,
    slack,
    engines: new Map(engines.map((engine) => [engine.name, engine])),
    engine(host: string) {
      const engine = engines.find(({ name }) => name === host);
      if (!engine) throw new Error(`There is no engine ${host}.`);
      return engine;
    },
    /** `bin` may be that of another version. */
    startBot(env: Record<string, string> = {}, bin?: string) {
      const own = {
        SLACK_BOT_TOKEN: slack.botToken,
        SLACK_APP_TOKEN: slack.appToken,
        SLACK_API_URL: slack.apiUrl,
        DIMG_CONFIG: config,
      };
      return start('bot', ['bot'], { ...own, ...env }, bin);
    },
    async startAgent(host: string, env: Record<string, string> = {}, bin?: string) {
      const state = join(scope.dir, `state-${host}`);
      await mkdir(state, { recursive: true });
      const own = {
        DIMG_HOST: host,
        DOCKER_HOST: engines.find(({ name }) => name === host)?.host ?? '',
        DIMG_AGENT_CONFIG: agentConfig,
        DIMG_STATE_DIR: state,
      };
      return start(host, ['agent'], { ...own, ...env }, bin);
    },
  };
}

// --- internal ---

/** What the person who runs this has set for their own dimg or Docker must not reach the playground. */
const BARE: Record<string, string> = Object.fromEntries(
  [
    'DIMG_HOST',
    'DIMG_CONFIG',
    'DIMG_AGENT_CONFIG',
    'DIMG_STATE_DIR',
    'DIMG_SIGNING_KEY',
    'DIMG_TRUSTED_KEYS',
    'DOCKER_HOST',
    'DOCKER_TLS_VERIFY',
    'DOCKER_CERT_PATH',
    'DOCKER_CONFIG',
    'SLACK_SIGNING_SECRET',
    'REDIS_URL_FILE',
    'LOG_LEVEL',
  ].map((name) => [name, '']),
);
