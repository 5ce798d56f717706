import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '../host/config-error.ts';
import { askProgram } from './credential-program.ts';
import type { Credentials } from './credentials.ts';

const DockerConfig = z.object({
  auths: z
    .record(z.string(), z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

/**
 * What `docker login` left for this registry: a program of its own comes first, then the one for all, then the file.
 * `null` where there is nothing. Rejects with a `ConfigError`.
 */
export async function fromDocker(folder: string, registry: URL): Promise<Credentials | null> {
  const config = await readConfig(join(folder, 'config.json'));
  if (config === null) return null;
  const keys = keysOf(registry);
  const own = keys.find((key) => config.credHelpers?.[key]);
  const program = own === undefined ? config.credsStore : config.credHelpers?.[own];
  if (program) {
    const found = await askProgram(program, own ?? (keys[0] as string));
    if (found) return found;
  }
  const entry = keys.map((key) => config.auths?.[key]).find((found) => found !== undefined);
  if (entry?.identitytoken) return { kind: 'identity', token: entry.identitytoken };
  const plain = Buffer.from(entry?.auth ?? '', 'base64').toString('utf8');
  const colon = plain.indexOf(':');
  if (colon < 1) return null;
  return { kind: 'password', username: plain.slice(0, colon), password: plain.slice(colon + 1) };
}

// --- internal ---

/** Docker Hub's key in Docker's own configuration, and the hosts that it is asked at. */
const HUB = 'https://index.docker.io/v1/';
const HUB_HOSTS = new Set(['registry-1.docker.io', 'index.docker.io', 'docker.io']);

/** By which names a registry may stand there, the usual one first. */
function keysOf({ host }: URL): string[] {
  return [
    ...(HUB_HOSTS.has(host) ? [HUB] : []),
    host,
    `https://${host}`,
    `https://${host}/v1/`,
    `http://${host}`,
  ];
}

async function readConfig(file: string): Promise<z.infer<typeof DockerConfig> | null> {
  try {
    return DockerConfig.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    // Never with the cause: a JSON error quotes what it read.
    throw new ConfigError(`${file} can't be read as Docker's configuration.`);
  }
}
