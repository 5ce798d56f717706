import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { onFreePort } from './port.ts';
import { findProgram } from './programs.ts';
import { finished } from './progress.ts';
import type { Scope } from './scope.ts';
import { type Service, startService } from './service.ts';

export type RegistryOptions = {
  /** Whether manifests may be deleted; distribution's own default is no. */
  readonly delete?: boolean;
};

export type Registry = Service & {
  /** Starts the names of its images; engines talk to 127.0.0.1 without TLS. */
  readonly host: string;
  readonly url: string;
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
    const config = {
      version: 0.1,
      log: { level: 'warn' },
      storage: {
        filesystem: { rootdirectory: join(dir, 'data') },
        delete: { enabled: options.delete ?? true },
        // Else a second push of a deleted manifest's layers meets a cache that still knows them.
        cache: {},
        maintenance: { uploadpurging: { enabled: false } },
      },
      http: { addr: host, secret: 'dimg' },
    };
    writeFileSync(join(dir, 'config.yml'), JSON.stringify(config));
    const service = await startService(scope, {
      command,
      args: ['serve', join(dir, 'config.yml')],
      name: `registry-${port}`,
      ready: () =>
        fetch(`http://${host}/v2/`).then(
          (response) => response.ok,
          () => false,
        ),
    });
    return { ...service, host, url: `http://${host}` };
  });
}

/** Pushes one tag. Resolves to the digest that the registry knows it by. */
export async function pushImage(docker: Docker, ref: string): Promise<string> {
  const colon = ref.lastIndexOf(':');
  const tagged = colon > ref.lastIndexOf('/');
  const [name, tag] = tagged ? [ref.slice(0, colon), ref.slice(colon + 1)] : [ref, 'latest'];
  // The engine refuses a push without the header, even where nobody asks for a password.
  const stream = await docker
    .getImage(name)
    .push({ tag, authconfig: { username: '', password: '', serveraddress: '' } });
  const lines = await finished(docker, stream);
  // The containerd store says it in words only.
  const digest = lines
    .map(({ aux, status }) => aux?.Digest ?? /digest: (sha256:[0-9a-f]{64}) /.exec(status ?? '')?.[1])
    .find((found) => found !== undefined);
  if (digest === undefined) throw new Error(`The push of ${ref} gave no digest.`);
  return digest;
}

/** Pulls `name:tag` or `name@sha256:…`. Resolves to the full image ID. */
export async function pullImage(docker: Docker, ref: string): Promise<string> {
  await finished(docker, await docker.pull(ref));
  return (await docker.getImage(ref).inspect()).Id;
}
