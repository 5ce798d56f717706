import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readSettings } from '../agents/host/environment.ts';
import { readBotSettings } from '../src/config.ts';

const root = join(import.meta.dirname, '..');
const dir = mkdtempSync(join(tmpdir(), 'dimg-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

const TOKENS = { SLACK_BOT_TOKEN: 'xoxb-secret', SLACK_APP_TOKEN: 'xapp-secret' };
let files = 0;
function file(text: string): string {
  const path = join(dir, `${++files}.yaml`);
  writeFileSync(path, text);
  return path;
}
const withFile = (text: string) => readBotSettings({ ...TOKENS, DIMG_CONFIG: file(text) });

describe("the bot's settings", () => {
  test('are the defaults of the contract where nothing is said', () => {
    const settings = readBotSettings(TOKENS);
    expect(settings).toMatchObject({
      botToken: 'xoxb-secret',
      by: { appToken: 'xapp-secret' },
      redisUrl: 'redis://127.0.0.1:6379',
      rights: { approvers: [], access: [] },
      groups: {},
      policy: {
        count: 1,
        expires: 30 * 60_000,
        staleOver: 0.5,
        neededFor: { force: true, stoppedContainers: true, irrecoverable: false },
      },
    });
    expect(settings.rights.operators).toBeUndefined();
    expect(settings.rights.channels).toBeUndefined();
  });

  test("read all of the contract's example", () => {
    const settings = withFile(`
channels: [C0OPS]
operators: [S0OPS, U0ANA]
groups: { ci: ["ci-*"] }
access:
  - { hosts: ["Prod-*"], operators: [S0SRE], approvers: [S0SRE] }
approval:
  approvers: [U0BO]
  count: 2
  expires: 10s
  stale-over: 12.5%
  needed-for: { force: true, stopped-containers: true, registry: true, irrecoverable: true, reclaim-over: 100GB, hosts-over: 10 }
audit: { file: /var/lib/dimg/audit.jsonl, channel: C0AUDIT }
admission: ask
`);
    expect(settings.audit).toEqual({ file: '/var/lib/dimg/audit.jsonl', channel: 'C0AUDIT' });
    expect(withFile('audit: {}').audit).toEqual({});
    expect(settings.policy).toEqual({
      count: 2,
      expires: 10_000,
      staleOver: 0.125,
      neededFor: {
        force: true,
        stoppedContainers: true,
        registry: true,
        irrecoverable: true,
        reclaimOver: 100e9,
        hostsOver: 10,
      },
    });
    expect(settings.rights.access[0]).toEqual({
      hosts: ['prod-*'],
      operators: ['S0SRE'],
      approvers: ['S0SRE'],
    });
    expect(settings.groups).toEqual({ ci: ['ci-*'] });
  });

  test('take secrets from files, and HTTP instead of Socket Mode', () => {
    const settings = readBotSettings({
      SLACK_BOT_TOKEN_FILE: file('xoxb-from-file\n'),
      SLACK_SIGNING_SECRET_FILE: file('signing\n'),
      PORT: '8080',
    });
    expect(settings.botToken).toBe('xoxb-from-file');
    expect(settings.by).toEqual({ signingSecret: 'signing', port: 8080 });
  });

  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['no bot token', {}, /^SLACK_BOT_TOKEN: is not set/],
    ['swapped tokens', { SLACK_BOT_TOKEN: 'xapp-1' }, /^SLACK_BOT_TOKEN: must begin with xoxb-.*swapped/],
    [
      'no way to hear Slack',
      { SLACK_BOT_TOKEN: 'xoxb-1' },
      /^SLACK_APP_TOKEN: is not set.*SLACK_SIGNING_SECRET/,
    ],
    ['a port that is none', { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's', PORT: 'x' }, /^PORT:/],
    [
      'an API address without /api/',
      { ...TOKENS, SLACK_API_URL: 'http://127.0.0.1:1' },
      /^SLACK_API_URL: .*\/api\//,
    ],
    ['a Redis that is none', { ...TOKENS, REDIS_URL: 'http://redis' }, /^REDIS_URL:/],
    ['an unknown log level', { ...TOKENS, LOG_LEVEL: 'loud' }, /^LOG_LEVEL: must be one of/],
    [
      'a file that is not there',
      { ...TOKENS, DIMG_CONFIG: '/nowhere.yaml' },
      /^DIMG_CONFIG: can't read \/nowhere/,
    ],
    ['a key that this version does not use', { ...TOKENS, DIMG_SIGNING_KEY: 'k' }, /^DIMG_SIGNING_KEY:/],
  ])('say what is wrong: %s', (_, env, words) => {
    expect(() => readBotSettings(env)).toThrow(words);
    expect(() => readBotSettings(env)).toThrow(expect.objectContaining({ name: 'ConfigError' }));
  });

  test.each<[string, string, RegExp]>([
    ['an unknown key', 'aproval: {}', /:1:1: aproval is not a key of this file/],
    ['a key of another level', 'approval:\n  approver: []', /:2:3: approval\.approver is not a key/],
    ['a name instead of an ID', 'operators: [ana]', /:1:13: operators\.0 must be a user ID/],
    ['an expiry under 10 s', 'approval:\n  expires: 9s', /:2:12: approval\.expires must be 10s or more/],
    ['a duration that is none', 'approval:\n  expires: soon', /"soon" is not a duration/],
    ['a share that is none', 'approval: { stale-over: half }', /"half" is not a share such as 50%/],
    ['more than all', 'approval: { stale-over: 101% }', /"101%" is not a share such as 50%/],
    [
      'a share without a unit',
      'approval: { stale-over: 50 }',
      /approval\.stale-over must be a share such as 50%/,
    ],
    ['a size that is none', 'approval: { needed-for: { reclaim-over: lots } }', /"lots" is not a size/],
    ['broken YAML', 'channels: [C0OPS', /:\d+:\d+: /],
    [
      'a host group in access',
      'access: [{ hosts: ["@ci"] }]',
      /access\.0\.hosts\.0 must be a host or a glob/,
    ],
    ['a path that is not whole', 'audit: { file: audit.jsonl }', /audit\.file must be a whole path/],
    ['a channel by its name', 'audit: { channel: ops }', /audit\.channel must be a channel ID/],
  ])('name file, line and column: %s', (_, text, words) => {
    expect(() => withFile(text)).toThrow(words);
  });

  test('never repeat a secret', () => {
    const env = { SLACK_BOT_TOKEN: 'canary-token', REDIS_URL: 'redis//:canary@h' };
    for (const given of [env, { ...TOKENS, ...{ REDIS_URL: env.REDIS_URL } }]) {
      let message = '';
      try {
        readBotSettings(given);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(message).not.toBe('');
      expect(message).not.toContain('canary');
    }
  });
});

describe('the files that come along', () => {
  test('are read as they are', () => {
    expect(readBotSettings({ ...TOKENS, DIMG_CONFIG: join(root, 'config/bot.yaml') })).toEqual(
      readBotSettings(TOKENS),
    );
    const own = { DIMG_HOST: 'host-1', DIMG_AGENT_CONFIG: join(root, 'config/agent.yaml') };
    expect(readSettings(own).rules).toEqual(readSettings({ DIMG_HOST: 'host-1' }).rules);
  });

  test("the manifest keeps Slack's limits and asks for what the bot uses", () => {
    const manifest = parse(readFileSync(join(root, 'manifest.yml'), 'utf8'));
    const [command] = manifest.features.slash_commands;
    expect(manifest.display_information.name.length).toBeLessThanOrEqual(35);
    expect(manifest.display_information.description.length).toBeLessThanOrEqual(140);
    expect(command).toMatchObject({ command: '/dimg', should_escape: true });
    expect(command).not.toHaveProperty('url');
    expect(manifest.settings).toMatchObject({
      socket_mode_enabled: true,
      interactivity: { is_enabled: true },
    });
    expect(manifest.oauth_config.scopes.bot).toEqual(
      expect.arrayContaining(['commands', 'chat:write', 'files:write', 'users:read', 'usergroups:read']),
    );
  });

  test('Compose gives Redis what the bot demands of it, and hardens what it starts', () => {
    const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true });
    expect(services.redis.command.join(' ')).toContain('--appendonly yes');
    expect(services.redis.command.join(' ')).toContain('--maxmemory-policy noeviction');
    for (const name of ['bot', 'agent'])
      expect(services[name]).toMatchObject({
        read_only: true,
        init: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        depends_on: { redis: { condition: 'service_healthy' } },
      });
  });
});
