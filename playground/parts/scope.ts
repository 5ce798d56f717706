import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Child, startChild } from './child.ts';
import { SCOPE_VARIABLE, sweep } from './cleanup.ts';

export type SpawnOptions = {
  /** Names the log file; the command's own name by default. */
  readonly name?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** How long SIGTERM gets before SIGKILL when the scope closes. */
  readonly stopLimitMs?: number;
};

/** Owns child processes, mounts and a folder, and takes all of them away when it closes. */
export type Scope = {
  readonly name: string;
  /** A temporary folder, with a short path: sockets live in it. */
  readonly dir: string;
  /** Runs `fn` when the scope closes, last first. */
  defer(fn: () => unknown): void;
  spawn(command: string, args: readonly string[], options?: SpawnOptions): Promise<Child>;
  /** Stops everything, last first. Safe to call again. Rejects with what deferred functions threw. */
  close(): Promise<void>;
};

const open = new Set<{ dir: string; close(): Promise<void> }>();

/** Opens a scope. It is also cleared when the process exits, is interrupted, or dies of an uncaught error. */
export function createScope(name: string): Scope {
  watchExit();
  const dir = realpathSync(mkdtempSync(join(tmpdir(), `dimg-${name}-`)));
  const stack: (() => unknown)[] = [];
  let closing: Promise<void> | undefined;

  const close = async () => {
    const errors: unknown[] = [];
    for (let fn = stack.pop(); fn; fn = stack.pop()) {
      try {
        await fn();
      } catch (error) {
        errors.push(error);
      }
    }
    sweep(dir);
    open.delete(scope);
    if (errors.length > 0)
      throw errors.length === 1 ? errors[0] : new AggregateError(errors, `Closing ${name} failed.`);
  };

  const scope: Scope = {
    name,
    dir,
    defer(fn) {
      stack.push(fn);
    },
    async spawn(command, args, options = {}) {
      if (closing) throw new Error(`The scope ${name} is closed.`);
      const outer = process.env[SCOPE_VARIABLE];
      const child = await startChild(command, args, {
        logFile: join(dir, `${options.name ?? basename(command)}.log`),
        env: { ...process.env, ...options.env, [SCOPE_VARIABLE]: outer ? `${outer}:${dir}` : dir },
        ...(options.cwd && { cwd: options.cwd }),
      });
      stack.push(() => child.stop(options.stopLimitMs));
      return child;
    },
    close() {
      closing ??= close();
      return closing;
    },
  };
  open.add(scope);
  return scope;
}

// --- internal ---

const signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
let watching = false;

function watchExit(): void {
  if (watching) return;
  watching = true;
  // Exit handlers can't wait, so this is the hard way: SIGKILL and lazy unmounts.
  process.on('exit', () => {
    for (const { dir } of open) sweep(dir);
  });
  for (const [signal, number] of Object.entries(signals)) {
    let asked = 0;
    process.on(signal, () => {
      // Whoever also listens decides when to end; the exit handler then still clears up.
      if (process.listenerCount(signal) > 1) return;
      if (asked > 0) {
        // A terminal and npm both pass the same Ctrl-C on: only one that comes later is impatience.
        if (Date.now() - asked > 1000) process.exit(128 + number);
        return;
      }
      asked = Date.now();
      void Promise.allSettled([...open].map((scope) => scope.close())).then(() => process.exit(128 + number));
    });
  }
}
