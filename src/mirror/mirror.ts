import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Markup, plain, say } from '../domain/markup.ts';
import type { Audit, Log, MirrorFile } from '../ports.ts';
import { append, headOf } from './append.ts';
import { readTail } from './tail.ts';

export interface Mirroring {
  file: string;
  audit: Pick<Audit, 'texts'>;
  /**
   * One writer at a time, of whatever bots, machines and containers see the file: hence a lock in Redis by the
   * file's own number. A lock file would outlive a killed bot, and process numbers mean nothing between containers.
   */
  lock(name: string, ms: number): Promise<(() => Promise<void>) | null>;
  log: Log;
  /** Each problem of the file by this number once, of however many bots; false where another one is just about to. */
  tell(name: string, problem: Markup): Promise<boolean>;
  /** It has none, any more. */
  over(name: string): Promise<void>;
  /** Milliseconds after which somebody who could not be told is tried again. */
  tellAgainMs?: number;
}

const SWEEP_MS = 2_000;
/** Slack is not asked every two seconds to take what it can't. */
const TELL_MS = 60_000;
const LOCK_MS = 10_000;
const MODE = 0o600;

/** The audit's mirror in a file of JSON lines. Rejects where the file can't be written. */
export async function openMirror({ file, audit, lock, log, tell, over, tellAgainMs = TELL_MS }: Mirroring) {
  await prove(file);
  let problem: Markup | null = null;
  /** What a bot before this one told is not known at first. */
  let told: string | null | undefined;
  let tellAfter = 0;
  let failing: Markup | null = null;
  let closing = false;
  let kicked = false;
  let wake: (() => void) | undefined;
  let loop = Promise.resolve();

  /** Brings the file up to date; false where another bot is at it. */
  async function sync(): Promise<boolean> {
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT, MODE);
    try {
      const { ino } = await handle.stat({ bigint: true });
      const name = String(ino);
      const unlock = await lock(name, LOCK_MS);
      if (!unlock) return false;
      let found: Markup | null;
      try {
        found = await append(handle, audit, () =>
          log.warn('a line of the audit’s mirror that a crash had cut is written anew', { file }),
        );
      } finally {
        await unlock();
      }
      await settle(name, found);
      return true;
    } finally {
      await handle.close();
    }
  }

  async function settle(name: string, found: Markup | null): Promise<void> {
    const before = problem && plain(problem);
    problem = found;
    if (!found) {
      if (before !== null) log.info('the audit’s mirror goes on', { file });
      if (told === null) return;
      return over(name).then(
        () => {
          told = null;
        },
        // At the next look.
        () => undefined,
      );
    }
    const words = plain(found);
    if (words !== before) log.error('the audit’s mirror can’t go on', new Error(words), { file });
    if (words !== before) tellAfter = 0;
    if (words === told || performance.now() < tellAfter) return;
    try {
      if (await tell(name, found)) told = words;
      else tellAfter = performance.now() + tellAgainMs;
    } catch (error) {
      tellAfter = performance.now() + tellAgainMs;
      // One line of the log is enough.
      if (words !== before) log.error('nobody could be told about the audit’s mirror', error);
    }
  }

  /** As `sync`; what hinders it is logged once, and may pass. */
  async function trySync(): Promise<boolean> {
    try {
      const done = await sync();
      if (failing) log.info('the audit’s mirror is written again', { file });
      failing = null;
      return done;
    } catch (error) {
      if (!failing) log.error('the audit’s mirror could not be written', error, { file });
      failing = say`the mirror file can't be written: ${(error as Error).message}`;
      return true;
    }
  }

  async function run(): Promise<void> {
    while (!closing) {
      kicked = false;
      await trySync();
      // A burst of entries is one write.
      await pause(kicked && !failing ? 50 : SWEEP_MS);
    }
  }

  function pause(ms: number): Promise<void> {
    if (closing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  const mirror: MirrorFile = {
    kick() {
      if (!kicked && !failing) wake?.();
      kicked = true;
    },
    async *texts() {
      const handle = await open(file, 'r');
      try {
        let before: string | null = null;
        for await (const line of handle.readLines({ encoding: 'utf8', autoClose: false })) {
          if (before !== null) yield before;
          before = line;
        }
        // The last one may be cut.
        if (before !== null && headOf(before)) yield before;
      } finally {
        await handle.close();
      }
    },
    async state() {
      // As it is now: what hindered it a moment ago may have passed, and the other way round.
      for (let tries = 0; tries < 10 && !(await trySync()); tries++) await sleep(100);
      try {
        const handle = await open(file, 'r');
        try {
          const { line } = await readTail(handle);
          return { last: line === null ? null : headOf(line), problem: problem ?? failing };
        } finally {
          await handle.close();
        }
      } catch {
        return { last: null, problem: problem ?? failing };
      }
    },
  };
  return {
    ...mirror,
    sync,
    start() {
      loop = run();
    },
    /** Writes what is there, and ends. */
    async close() {
      closing = true;
      wake?.();
      await loop;
      await sync().catch(() => undefined);
    },
  };
}

// --- internal ---

/** Makes the file where it is missing, for good. */
async function prove(file: string): Promise<void> {
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT, MODE);
  try {
    if (!(await handle.stat()).isFile()) throw new Error(`${file} is no file`);
  } finally {
    await handle.close();
  }
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
