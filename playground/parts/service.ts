import type { Child } from './child.ts';
import type { Scope, SpawnOptions } from './scope.ts';

export type ServiceOptions = SpawnOptions & {
  readonly command: string;
  readonly args: readonly string[];
  /** True once the service answers. */
  readonly ready: () => Promise<boolean>;
  readonly readyLimitMs?: number;
};

/** A server process that tests stop, kill, pause and start again; all of it idempotent. */
export type Service = {
  pid(): number;
  log(): string;
  running(): boolean;
  stop(): Promise<void>;
  /** Stops it if it runs, starts it again with the same arguments, and waits until it answers. */
  restart(): Promise<void>;
  /** Sends a signal that ends the process, and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Freezes the process: connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
};

/** Starts a server and waits until it answers. */
export async function startService(scope: Scope, options: ServiceOptions): Promise<Service> {
  const { command, args, ready, readyLimitMs, ...spawnOptions } = options;
  const start = async (): Promise<Child> => {
    const started = await scope.spawn(command, args, spawnOptions);
    try {
      await started.until('it answered', ready, readyLimitMs);
    } catch (error) {
      started.kill('SIGKILL');
      throw error;
    }
    return started;
  };
  let child = await start();
  const stop = async () => {
    await child.stop(options.stopLimitMs);
  };
  return {
    pid: () => child.pid,
    log: () => child.log(),
    running: () => child.running(),
    stop,
    async restart() {
      await stop();
      child = await start();
    },
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      child.kill('SIGCONT');
      await child.exited;
    },
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
  };
}
