import { readFile } from 'node:fs/promises';
import { ConfigError } from '../host/config-error.ts';
import { fromDocker } from './docker-config.ts';

/** What a registry knows us by. An identity token is what a realm gave for a password. */
export type Credentials =
  | { kind: 'password'; username: string; password: string }
  | { kind: 'identity'; token: string };

/** `null`: none are known, so it is asked without. `fresh`: those of a moment ago were refused. */
export type ReadCredentials = (fresh: boolean) => Promise<Credentials | null>;

/** Where they come from. */
export type CredentialsFrom =
  | { username: string; passwordFile: string }
  /** One line, `user:password`. */
  | { credentialsFile: string }
  /** A folder with Docker's config.json; without one, none are known. */
  | { dockerConfig: string }
  | null;

/**
 * Reads them at use, and again after some seconds, so that what is rotated is taken. Rejects with a `ConfigError` that
 * names the file and holds nothing of it.
 */
export function openCredentials(
  from: CredentialsFrom,
  registry: URL,
  now: () => number = () => performance.now(),
): ReadCredentials {
  let held: { at: number; read: Promise<Credentials | null> } | null = null;
  return async (fresh) => {
    if (held && !fresh && now() - held.at < KEPT_MS) return held.read;
    const mine = { at: now(), read: readNow(from, registry) };
    held = mine;
    try {
      return await mine.read;
    } catch (error) {
      if (held === mine) held = null;
      throw error;
    }
  };
}

// --- internal ---

/** So long a program is not started again for each question. */
const KEPT_MS = 10_000;

async function readNow(from: CredentialsFrom, registry: URL): Promise<Credentials | null> {
  if (from === null) return null;
  if ('dockerConfig' in from) return fromDocker(from.dockerConfig, registry);
  if ('passwordFile' in from) {
    const password = lineOf(from.passwordFile, await readText(from.passwordFile));
    return { kind: 'password', username: from.username, password };
  }
  const line = lineOf(from.credentialsFile, await readText(from.credentialsFile));
  const colon = line.indexOf(':');
  if (colon < 1)
    throw new ConfigError(
      `${from.credentialsFile} must hold one line with the user, a colon and the password.`,
    );
  return { kind: 'password', username: line.slice(0, colon), password: line.slice(colon + 1) };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`The registry's password can't be read from ${file} (${code}).`);
  }
}

/** Without the end of line that an editor adds. */
function lineOf(file: string, text: string): string {
  const line = text.replace(/\r?\n$/, '');
  if (line === '' || /[\r\n]/.test(line))
    throw new ConfigError(`${file} must hold one line with the password.`);
  return line;
}
