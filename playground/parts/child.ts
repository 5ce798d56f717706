import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export type ChildOptions = {
  /** Where both output streams go; appended to. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Child = {
  readonly pid: number;
  readonly command: string;
  readonly logFile: string;
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  running(): boolean;
  /** Sends a signal, unless the process has ended: its number may be somebody else's by now. */
  kill(signal?: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after the limit. Resolves when the process has ended. */
  stop(limitMs?: number): Promise<Exit>;
  /** What this process has written so far. */
  log(): string;
  /** Waits until `probe` resolves to true; when the process ends first, or never gets there, says so with the log's tail. */
  until(what: string, probe: () => Promise<boolean> | boolean, limitMs?: number): Promise<void>;
};

/** Starts a process of its own group, so that Ctrl-C reaches only the owner, who stops it in order. */
export async function startChild(
  command: string,
  args: readonly string[],
  options: ChildOptions,
): Promise<Child> {
  const { logFile } = options;
  const log = openSync(logFile, 'a');
  const start = readFileSync(logFile).length;
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    detached: true,
    ...(options.env && { env: options.env }),
    ...(options.cwd && { cwd: options.cwd }),
  });
  closeSync(log);
  const exited = new Promise<Exit>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no process number.`);

  const running = () => child.exitCode === null && child.signalCode === null;
  const readLog = () => readFileSync(logFile).subarray(start).toString();
  const kill = (signal: NodeJS.Signals = 'SIGTERM') => {
    if (running()) child.kill(signal);
  };
  return {
    pid,
    command,
    logFile,
    process: child,
    exited,
    running,
    kill,
    log: readLog,
    async stop(limitMs = 10_000) {
      kill('SIGTERM');
      // A paused process gets SIGTERM only when it goes on.
      kill('SIGCONT');
      const timer = setTimeout(kill, limitMs, 'SIGKILL');
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
    async until(what, probe, limitMs = 20_000) {
      const end = performance.now() + limitMs;
      while (!(await probe())) {
        if (!running()) throw new Error(`${command} ended before ${what}.\n${tail(readLog())}`);
        if (performance.now() > end) {
          throw new Error(`${command} was not there after ${limitMs} ms: ${what}.\n${tail(readLog())}`);
        }
        await sleep(15);
      }
    },
  };
}

function tail(text: string, lines = 15): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
