import { spawn } from 'node:child_process';
import { z } from 'zod';
import { ConfigError } from '../host/config-error.ts';
import type { Credentials } from './credentials.ts';

const LIMIT_MS = 10_000;
const Given = z.object({ Username: z.string(), Secret: z.string() });

/**
 * Asks `docker-credential-NAME get` for a server, as Docker's own client does. `null` where the program has nothing for
 * it. Rejects with a `ConfigError` that holds nothing of what the program said: that may be the password.
 */
export async function askProgram(
  name: string,
  server: string,
  limitMs = LIMIT_MS,
): Promise<Credentials | null> {
  const program = `docker-credential-${name}`;
  const fail = (words: string) => new ConfigError(`${program} ${words} for ${server}.`);
  if (!/^[\w.-]+$/.test(name))
    throw new ConfigError("Docker's configuration names a credential program that is none.");
  const { code, output } = await run(program, server, limitMs);
  if (code === 'late') throw fail(`gave no answer within ${limitMs} ms`);
  if (code === 'missing') throw fail("can't be started, and is configured");
  // Source: docker-credential-helpers, `credentials/error.go`.
  if (code !== 0 && output.trim() === 'credentials not found in native keychain') return null;
  if (code !== 0) throw fail('failed');
  const given = Given.safeParse(readJson(output)).data;
  if (!given) throw fail('gave no name and password');
  if (given.Username === '<token>') return { kind: 'identity', token: given.Secret };
  return { kind: 'password', username: given.Username, password: given.Secret };
}

// --- internal ---

type Ran = { code: number | 'late' | 'missing'; output: string };

function run(program: string, server: string, limitMs: number): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'] });
    let output = '';
    const timer = setTimeout(() => {
      // Settled at once: a program of its own may hold the pipe for longer.
      resolve({ code: 'late', output: '' });
      child.kill('SIGKILL');
      child.stdout.destroy();
    }, limitMs);
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      if (output.length < 100_000) output += text;
    });
    child.once('error', () => {
      clearTimeout(timer);
      resolve({ code: 'missing', output: '' });
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, output });
    });
    // One that ends without reading is heard by its code.
    child.stdin.on('error', () => {});
    child.stdin.end(server);
  });
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
