import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from './config-error.ts';
import { readIfThere, replace } from './files.ts';
import { type Journal, openJournal } from './journal.ts';
import { openJournalFile } from './journal-file.ts';
import { takeOver } from './take-over.ts';

/** What the agent keeps between starts. */
export type State = {
  identity: string;
  journal: Journal;
  /** A file in the state folder. */
  path(name: string): string;
  /** Once what was noted is on the disk. */
  close(): Promise<void>;
};

/**
 * Opens the state folder, and makes it where it is missing. Throws a `ConfigError`. `now` in milliseconds since 1970;
 * `journalBytes` of each of the journal's two files.
 */
export async function openState(
  dir: string,
  randomId: () => string,
  now: () => number = Date.now,
  journalBytes?: number,
): Promise<State> {
  const path = (name: string) => join(dir, name);
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const identity = await openIdentity(path('identity'), randomId);
    const file = await openJournalFile(dir, journalBytes === undefined ? {} : { size: journalBytes });
    const journal = openJournal(file, now);
    await takeOver(journal, path, now());
    return {
      ...{ identity, journal, path },
      async close() {
        await journal.settled();
        await file.close();
      },
    };
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
