import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { call } from './http-call.ts';
import { onFreePort } from './port.ts';
import { findProgram } from './programs.ts';
import { finished } from './progress.ts';
import type { Scope } from './scope.ts';
import { type Service, startService } from './service.ts';
import type { TokenService } from './token-service.ts';

export type RegistryOptions = {
  /** Whether manifests may be deleted; distribution's own default is no. */
  readonly delete?: boolean;
  /** Whether it answers nobody but `MEMBER`. */
  readonly closed?: boolean;
  /** Whether it answers those only that this gave a token. */
  readonly tokens?: TokenService;
  /** Talks TLS with this certificate. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca: string };
  /** Whether it neither takes nor deletes anything. */
  readonly readonly?: boolean;
};

/** Whom a closed registry lets in. */
export const MEMBER = { username: 'member', password: 'secret-7' } as const;
/** Bcrypt of the password, as `htpasswd -B` prints it: the registry knows no other kind. */
const HTPASSWD = `${MEMBER.username}:$2y$05$abcdefghijklmnopqrstuusx4Ne/koPstMQQXbXgvM.N51AlriemS\n`;

export type Registry = Service & {
  /** Starts the names of its images; engines talk to 127.0.0.1 without TLS. */
  readonly host: string;
  readonly url: string;
  /** Where it has its repositories and blobs. */
  readonly dataDir: string;
  /** The authority of its certificate, as PEM. */
  readonly ca?: string | undefined;
  /**
   * Stops it, deletes what no manifest has, and starts it again at the same address: nothing may be pushed meanwhile.
   * With `untagged` manifests without a tag go first, those of an index among them. Resolves to what the program wrote.
   */
  collectGarbage(options?: { readonly untagged?: boolean }): Promise<string>;
};

/** True, or a sentence that says how to get a registry. */
export function registryAvailable(): true | string {
  return findProgram('docker-registry')
    ? true
    : 'There is no registry: run `apt-get install docker-registry`.';
}

/** Starts Debian's registry (distribution 2.8) on a free port, with its data in the scope. */
export function startRegistry(scope: Scope, options: RegistryOptions = {}): Promise<Registry> {
  const command = findProgram('docker-registry');
  if (command === undefined) return Promise.reject(new Error(String(registryAvailable())));
  return onFreePort(async (port) => {
    mkdirSync(join(scope.dir, 'registry'), { recursive: true });
    const dir = mkdtempSync(join(scope.dir, 'registry', 'data-'));
    const host = `127.0.0.1:${port}`;
    const url = `${options.tls ? 'https' : 'http'}://${host}`;
    const ca = options.tls?.ca;
    const file = join(dir, 'config.yml');
    writeFileSync(join(dir, 'htpasswd'), HTPASSWD);
    if (options.tls) {
      writeFileSync(join(dir, 'tls.pem'), options.tls.certificate);
      writeFileSync(join(dir, 'tls.key'), options.tls.key);
    }
    writeFileSync(file, JSON.stringify(configOf(dir, host, options)));
    const service = await startService(scope, {
      command,
      args: ['serve', file],
      name: `registry-${port}`,
      ready: () =>
        call(`${url}/v2/`, { ca }).then(
          ({ status }) => status === 200 || status === 401,
          () => false,
        ),
    });
    return {
      ...service,
      host,
      url,
      ca,
      dataDir: join(dir, 'data/docker/registry/v2'),
      async collectGarbage({ untagged = false } = {}) {
        await service.stop();
        const args = ['garbage-collect', ...(untagged ? ['--delete-untagged'] : []), file];
        const { stdout } = await promisify(execFile)(command, args);
        await service.restart();
        return stdout;
      },
    };
  });
}

/** Pushes one tag. Resolves to the digest that the registry knows it by. */
export async function pushImage(
  docker: Docker,
  ref: string,
  member: { username: string; password: string } = { username: '', password: '' },
): Promise<string> {
  const colon = ref.lastIndexOf(':');
  const tagged = colon > ref.lastIndexOf('/');
  const [name, tag] = tagged ? [ref.slice(0, colon), ref.slice(colon + 1)] : [ref, 'latest'];
  // The engine refuses a push without the header, even where nobody asks for a password.
  const stream = await docker.getImage(name).push({ tag, authconfig: { ...member, serveraddress: '' } });
  const lines = await finished(docker, stream);
  // The containerd store tells it in words alone.
  const digest = lines
    .map(({ aux, status }) => aux?.Digest ?? /digest: (sha256:[0-9a-f]{64})/.exec(status ?? '')?.[1])
    .find((found) => found !== undefined);
  if (digest === undefined) throw new Error(`The push of ${ref} gave no digest.`);
  return digest;
}

/** Pulls `name:tag` or `name@sha256:…`. Resolves to the full image ID. */
export async function pullImage(docker: Docker, ref: string): Promise<string> {
  await finished(docker, await docker.pull(ref));
  return (await docker.getImage(ref).inspect()).Id;
}

// --- internal ---

function configOf(dir: string, host: string, options: RegistryOptions): object {
  const { tokens, tls } = options;
  return {
    version: 0.1,
    log: { level: 'warn' },
    storage: {
      filesystem: { rootdirectory: join(dir, 'data') },
      delete: { enabled: options.delete ?? true },
      // Else a second push of a deleted manifest's layers meets a cache that still knows them.
      cache: {},
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: options.readonly ?? false } },
    },
    http: {
      addr: host,
      secret: 'dimg',
      ...(tls && { tls: { certificate: join(dir, 'tls.pem'), key: join(dir, 'tls.key') } }),
    },
    ...(options.closed && { auth: { htpasswd: { realm: 'dimg', path: join(dir, 'htpasswd') } } }),
    ...(tokens && {
      auth: {
        token: {
          realm: tokens.realm,
          service: tokens.service,
          issuer: tokens.issuer,
          rootcertbundle: tokens.certificateFile,
        },
      },
    }),
  };
}
