import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from './config-error.ts';

/** Where the engine listens. `local`: its disk is this machine's. */
export type EngineAddress = {
  /** For people, such as `unix:///var/run/docker.sock`. */
  text: string;
  local: boolean;
} & (
  | { socketPath: string }
  | { host: string; port: number; tls: { ca: Buffer; cert: Buffer; key: Buffer } | null }
);

/** Reads `DOCKER_HOST` and its companions as Docker's own client does. Throws a `ConfigError`. */
export function engineAddress(env: {
  host: string | undefined;
  tlsVerify: string | undefined;
  certPath: string | undefined;
}): EngineAddress {
  const text = env.host ?? 'unix:///var/run/docker.sock';
  if (text.startsWith('unix://')) {
    const socketPath = text.slice('unix://'.length);
    if (!socketPath.startsWith('/'))
      throw new ConfigError(
        `DOCKER_HOST: ${text} must hold a whole path, such as unix:///var/run/docker.sock.`,
      );
    return { text, local: true, socketPath };
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'tcp:' || url.hostname === '')
    throw new ConfigError(
      'DOCKER_HOST: must begin with unix:// or tcp://, such as unix:///var/run/docker.sock.',
    );
  const tls = env.tlsVerify === undefined ? null : certificates(env.certPath ?? join(homedir(), '.docker'));
  const port = url.port === '' ? (tls ? 2376 : 2375) : Number(url.port);
  // Written anew, because what was given may hold a password.
  const shown = `tcp://${url.hostname}:${port}`;
  return {
    text: shown,
    local: /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname),
    host: url.hostname,
    port,
    tls,
  };
}

// --- internal ---

function certificates(dir: string) {
  try {
    const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(join(dir, name)));
    if (!ca || !cert || !key) throw new Error('incomplete');
    return { ca, cert, key };
  } catch (error) {
    throw new ConfigError(`DOCKER_CERT_PATH: can't read ${dir}: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}
