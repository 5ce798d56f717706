import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from './config-error.ts';
import { readIfThere, replace } from './files.ts';

/** What the agent keeps between starts. */
export type State = {
  identity: string;
  /** A file in the state folder. */
  path(name: string): string;
  /** Takes an execute job's ID, for ever: true the first time. On disk before it resolves. */
  accept(jobId: string): Promise<boolean>;
  /** Whether it took this ID before. */
  accepted(jobId: string): boolean;
};

/** Jobs expire and belong to one epoch, so that older ones are refused anyway. */
const KEEP = 4000;

/** Opens the state folder, and makes it where it is missing. Throws a `ConfigError`. */
export async function openState(dir: string, randomId: () => string): Promise<State> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const identity = await openIdentity(join(dir, 'identity'), randomId);
    return { identity, path: (name) => join(dir, name), ...(await openJobs(join(dir, 'jobs.log'))) };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`DIMG_STATE_DIR: can't use ${dir}: ${(error as Error).message}.`, { cause: error });
  }
}

// --- internal ---

async function openIdentity(file: string, randomId: () => string): Promise<string> {
  const known = await readIfThere(file);
  if (known === null) {
    const identity = randomId();
    await replace(file, `${identity}\n`);
    return identity;
  }
  const identity = known.trim();
  if (!/^[\w-]{8,100}$/.test(identity))
    throw new ConfigError(`DIMG_STATE_DIR: ${file} holds no identity; remove it, and a new one is made.`);
  return identity;
}

async function openJobs(file: string): Promise<Pick<State, 'accept' | 'accepted'>> {
  const known = new Set<string>();
  // A line that was cut by a crash is no whole JSON string: its job did not start either.
  for (const line of ((await readIfThere(file)) ?? '').split('\n')) {
    const id = parseLine(line);
    if (id !== null) known.add(id);
  }
  let lines = Number.POSITIVE_INFINITY;
  const append = async (id: string) => {
    if (lines >= 2 * KEEP) {
      for (const old of [...known].slice(0, -KEEP)) known.delete(old);
      await replace(file, [...known].map((old) => `${JSON.stringify(old)}\n`).join(''));
      lines = known.size;
      return;
    }
    const handle = await open(file, 'a', 0o600);
    try {
      await handle.appendFile(`${JSON.stringify(id)}\n`);
      await handle.sync();
      lines++;
    } finally {
      await handle.close();
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    accepted: (id) => known.has(id),
    async accept(id) {
      if (known.has(id)) return false;
      known.add(id);
      const mine = last.then(() => append(id));
      last = mine.catch(() => {});
      await mine;
      return true;
    },
  };
}

function parseLine(line: string): string | null {
  try {
    const id: unknown = JSON.parse(line);
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  }
}
