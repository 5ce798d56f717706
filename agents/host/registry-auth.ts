import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';

const DockerConfig = z.object({
  auths: z
    .record(z.string(), z.object({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .optional(),
});

/** Docker Hub's key in Docker's own configuration. */
const HUB = 'https://index.docker.io/v1/';

/**
 * What Docker's own configuration holds for a repository's registry, as `X-Registry-Auth`. Passwords that
 * only a credential program gives out are not asked for: an image behind one counts as not to be pulled again.
 */
export function registryAuth(folder: string | undefined): (repository: string) => string | null {
  const file = join(folder ?? join(homedir(), '.docker'), 'config.json');
  const auths = readAuths(file, folder !== undefined);
  return (repository) => {
    const first = repository.split('/')[0] ?? '';
    const registry = repository.includes('/') && /[.:]|^localhost$/.test(first) ? first : HUB;
    const entry = auths[registry] ?? auths[`https://${registry}`];
    if (!entry) return null;
    const plain = Buffer.from(entry.auth ?? '', 'base64').toString('utf8');
    const colon = plain.indexOf(':');
    const fields = {
      ...(colon > 0 && { username: plain.slice(0, colon), password: plain.slice(colon + 1) }),
      ...(entry.identitytoken && { identitytoken: entry.identitytoken }),
      serveraddress: registry,
    };
    // The engine wants the padding that Node leaves out.
    const text = Buffer.from(JSON.stringify(fields)).toString('base64');
    return text.replaceAll('+', '-').replaceAll('/', '_');
  };
}

// --- internal ---

function readAuths(file: string, asked: boolean): NonNullable<z.infer<typeof DockerConfig>['auths']> {
  try {
    return DockerConfig.parse(JSON.parse(readFileSync(file, 'utf8'))).auths ?? {};
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing || !asked) return {};
    // Never with the cause: a JSON error quotes what it read.
    throw new ConfigError(`DOCKER_CONFIG: can't read ${file} as Docker's configuration.`);
  }
}
