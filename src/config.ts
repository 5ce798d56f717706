import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../agents/host/config-error.ts';
import { LEVELS } from '../agents/host/log.ts';
import { readYaml } from '../agents/host/yaml.ts';
import type { Rights } from './domain/rights.ts';
import { Duration, Share, Size } from './domain/rules.ts';
import { type ApprovalPolicy, STALE_OVER } from './domain/run.ts';
import { unreadable } from './options.ts';

/** All that the bot is told by its environment and its file. */
export interface BotSettings {
  botToken: string;
  by: { appToken: string } | { signingSecret: string; port: number };
  slackApiUrl: string | undefined;
  redisUrl: string;
  level: (typeof LEVELS)[number];
  rights: Rights;
  groups: Readonly<Record<string, readonly string[]>>;
  policy: ApprovalPolicy;
  /** Where else the audit is kept. */
  audit: { file?: string; channel?: string };
}

const person = z.string().regex(/^[UWS][A-Z0-9]{2,}$/, 'must be a user ID (U…) or a user group ID (S…)');
const channel = z.string().regex(/^[CG][A-Z0-9]{2,}$/, 'must be a channel ID (C…)');
const glob = z.string('must be a glob').min(1, 'must not be empty').max(256, 'is too long');
/** Host names have small letters: one with others would match none, and the wider list would count. */
const hostGlob = glob
  .regex(/^[A-Za-z0-9.*?-]+$/, 'must be a host or a glob such as prod-*')
  .transform((text) => text.toLowerCase());
const on = z.boolean('must be true or false');
const count = z.int('must be a whole number').positive('must be 1 or more');

const BotConfig = z.strictObject({
  channels: z.array(channel).optional(),
  operators: z.array(person).optional(),
  groups: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be a name such as ci'), z.array(glob))
    .default({}),
  access: z
    .array(
      z.strictObject({
        hosts: z.array(hostGlob).min(1),
        operators: z.array(person).optional(),
        approvers: z.array(person).optional(),
      }),
    )
    .default([]),
  approval: z
    .strictObject({
      approvers: z.array(person).default([]),
      count: count.default(1),
      expires: z
        .string('must be a duration such as 30m')
        .pipe(Duration)
        .refine((ms) => ms >= 10_000, 'must be 10s or more')
        .default(30 * 60_000),
      'stale-over': Share.default(STALE_OVER),
      'needed-for': z
        .strictObject({
          force: on.default(true),
          'stopped-containers': on.default(true),
          registry: on.default(true),
          irrecoverable: on.default(false),
          'reclaim-over': Size.optional(),
          'hosts-over': count.optional(),
        })
        .prefault({}),
    })
    .prefault({}),
  audit: z
    .strictObject({
      file: z
        .string('must be a path')
        .refine(isAbsolute, 'must be a whole path, such as /var/lib/dimg/audit.jsonl')
        .optional(),
      channel: channel.optional(),
    })
    .prefault({}),
  admission: z.enum(['ask', 'auto'], 'must be ask or auto').optional(),
});

/** Reads the bot's environment and file. Throws a `ConfigError` that names the field. */
export function readBotSettings(env: NodeJS.ProcessEnv): BotSettings {
  const get = (name: string): string | undefined => {
    if (env[name]) return env[name];
    const file = env[`${name}_FILE`];
    return file ? read(`${name}_FILE`, file).trim() : undefined;
  };
  if (env.DIMG_SIGNING_KEY)
    throw new ConfigError('DIMG_SIGNING_KEY: this version does not sign jobs; unset it to run without.');
  const config = readConfig(env);
  const { approval } = config;
  const neededFor = approval['needed-for'];
  return {
    botToken: token('SLACK_BOT_TOKEN', 'xoxb-', get('SLACK_BOT_TOKEN')),
    by: connection(get),
    slackApiUrl: apiUrl(get('SLACK_API_URL')),
    redisUrl: redisUrl(get('REDIS_URL')),
    level: level(get('LOG_LEVEL')),
    rights: {
      approvers: approval.approvers,
      access: config.access,
      ...(config.channels && { channels: config.channels }),
      ...(config.operators && { operators: config.operators }),
    },
    groups: config.groups,
    audit: {
      ...(config.audit.file !== undefined && { file: config.audit.file }),
      ...(config.audit.channel !== undefined && { channel: config.audit.channel }),
    },
    policy: {
      count: approval.count,
      expires: approval.expires,
      staleOver: approval['stale-over'],
      neededFor: {
        force: neededFor.force,
        stoppedContainers: neededFor['stopped-containers'],
        registry: neededFor.registry,
        irrecoverable: neededFor.irrecoverable,
        ...(neededFor['reclaim-over'] !== undefined && { reclaimOver: neededFor['reclaim-over'] }),
        ...(neededFor['hosts-over'] !== undefined && { hostsOver: neededFor['hosts-over'] }),
      },
    },
  };
}

/** Where the bot that this environment describes keeps its mirror of the audit. Throws a `ConfigError`. */
export function readAuditFile(env: NodeJS.ProcessEnv): string | undefined {
  return readConfig(env).audit.file;
}

// --- internal ---

function readConfig(env: NodeJS.ProcessEnv): z.output<typeof BotConfig> {
  const file = env.DIMG_CONFIG;
  return readYaml('DIMG_CONFIG', file ?? '', file ? read('DIMG_CONFIG', file) : '', BotConfig);
}

function connection(get: (name: string) => string | undefined): BotSettings['by'] {
  const appToken = get('SLACK_APP_TOKEN');
  if (appToken !== undefined) return { appToken: token('SLACK_APP_TOKEN', 'xapp-', appToken) };
  const signingSecret = get('SLACK_SIGNING_SECRET');
  if (signingSecret === undefined)
    throw new ConfigError(
      'SLACK_APP_TOKEN: is not set. Give an app-level token (xapp-…) for Socket Mode, or SLACK_SIGNING_SECRET and PORT for HTTP.',
    );
  const port = Number(get('PORT') ?? '3000');
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new ConfigError('PORT: must be a number from 1 to 65535.');
  return { signingSecret, port };
}

/** Never repeats a token; the two are easily swapped, so the other's prefix is recognised. */
function token(name: string, prefix: string, value: string | undefined): string {
  if (value === undefined)
    throw new ConfigError(`${name}: is not set. It begins with ${prefix} and is on the app's page at Slack.`);
  if (value.startsWith(prefix)) return value;
  const other = /^(xoxb|xapp|xoxp)-/.exec(value)?.[0];
  throw new ConfigError(
    `${name}: must begin with ${prefix}${other ? `, and this one begins with ${other}: are two tokens swapped?` : '.'}`,
  );
}

function apiUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (URL.canParse(text) && text.endsWith('/api/')) return text;
  throw new ConfigError('SLACK_API_URL: must be a URL that ends in /api/.');
}

function redisUrl(text = 'redis://127.0.0.1:6379'): string {
  if (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol)) return text;
  throw new ConfigError(
    'REDIS_URL: must be a URL such as redis://127.0.0.1:6379 or rediss://user:password@host.',
  );
}

function level(text = 'info'): BotSettings['level'] {
  const found = LEVELS.find((known) => known === text);
  if (!found) throw new ConfigError(`LOG_LEVEL: must be one of ${LEVELS.join(', ')}.`);
  return found;
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${name}: ${unreadable(file, error)}.`, { cause: error });
  }
}
