import { readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { HostName } from '../../src/domain/ids.ts';
import { type AgentSettings, PLAIN, parseConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type EngineAddress, engineAddress } from './engine-address.ts';
import { LEVELS, type Level } from './log.ts';
import { registryAuth } from './registry-auth.ts';

export type Settings = AgentSettings & {
  host: HostName;
  redisUrl: string;
  engine: EngineAddress;
  registryAuth: (repository: string) => string | null;
  stateDir: string;
  level: Level;
};

/** Reads the agent's environment and the files it names. Throws a `ConfigError`. */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  // As with Docker's own client, an empty variable is one that is not set.
  const get = (name: string) => env[name] || undefined;
  if (get('DIMG_TRUSTED_KEYS'))
    // Taking unsigned jobs all the same would be worse than not to start.
    throw new ConfigError(
      'DIMG_TRUSTED_KEYS: this version does not check signatures; unset it to run without.',
    );
  const file = get('DIMG_AGENT_CONFIG');
  const dockerFolder = get('DOCKER_CONFIG') ?? join(homedir(), '.docker');
  const settings = {
    host: check('DIMG_HOST', HostName, get('DIMG_HOST') ?? hostname().toLowerCase()),
    redisUrl: redisUrl(get('REDIS_URL'), get('REDIS_URL_FILE')),
    engine: engineAddress({
      host: get('DOCKER_HOST'),
      tlsVerify: get('DOCKER_TLS_VERIFY'),
      certPath: get('DOCKER_CERT_PATH'),
    }),
    ...(file === undefined ? PLAIN : parseConfig(file, read('DIMG_AGENT_CONFIG', file), dockerFolder)),
    registryAuth: registryAuth(get('DOCKER_CONFIG')),
    stateDir: get('DIMG_STATE_DIR') ?? '/var/lib/dimg',
    level: check(
      'LOG_LEVEL',
      z.enum(LEVELS, `must be one of ${LEVELS.join(', ')}`),
      get('LOG_LEVEL') ?? 'info',
    ),
  };
  // Each would take the other for a rival.
  if (settings.hasEngine && settings.registries.some(({ name }) => name === settings.host))
    throw new ConfigError(`DIMG_AGENT_CONFIG: ${file}: a registry can't have the name of the host.`);
  return settings;
}

// --- internal ---

function check<S extends z.ZodType>(name: string, schema: S, value: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`${name}: ${JSON.stringify(value)}: ${parsed.error.issues[0]?.message}.`);
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${name}: can't read ${file}: ${(error as Error).message}.`, { cause: error });
  }
}

/** Never repeats the value: it may hold a password. */
function redisUrl(given: string | undefined, file: string | undefined): string {
  const name = given === undefined && file !== undefined ? 'REDIS_URL_FILE' : 'REDIS_URL';
  const text = given ?? (file === undefined ? 'redis://127.0.0.1:6379' : read('REDIS_URL_FILE', file).trim());
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^rediss?:$/.test(url.protocol))
    throw new ConfigError(
      `${name}: must be a URL such as redis://127.0.0.1:6379 or rediss://user:password@host.`,
    );
  return text;
}
