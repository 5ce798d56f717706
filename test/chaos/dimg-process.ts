import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../../playground/parts/child.ts';
import type { Scope } from '../../playground/parts/scope.ts';

/** A bot or an agent under a supervisor, which starts again what does not get up. */
export interface DimgProcess {
  readonly name: string;
  /** Starts it if it does not run, and resolves once it is ready; rejects after the limit. */
  up(limitMs: number): Promise<void>;
  kill(): Promise<void>;
  /** SIGTERM, a second one after a moment if `twice`; resolves to the exit code once it has ended. */
  term(twice: boolean): Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  pid(): number | undefined;
  running(): boolean;
  /** What the one that runs has written. */
  log(): string;
  /** When each start of it began, in milliseconds since 1970. */
  readonly starts: readonly number[];
  /** Whether the one that runs has said that it is ready. */
  isReady(): boolean;
}

export interface DimgProcessOptions {
  scope: Scope;
  name: string;
  args: readonly string[];
  env: () => Record<string, string>;
  /** It ended, and nobody had told it to. */
  fell(name: string, code: number | null, signal: string | null, ready: boolean): void;
}

export function openDimgProcess({ scope, name, args, env, fell }: DimgProcessOptions): DimgProcess {
  let child: Child | undefined;
  const starts: number[] = [];
  let readyAt = 0;
  const meant = new WeakSet<Child>();

  const isReady = (one: Child) => one.log().includes('"msg":"ready"');

  async function start(): Promise<Child> {
    const file = name.replaceAll(' ', '-');
    const started = await scope.spawn(process.execPath, args, {
      name: `${file}-${starts.push(Date.now())}`,
      env: env(),
      stopLimitMs: 500,
    });
    readyAt = 0;
    void started.exited.then(({ code, signal }) => {
      if (!meant.has(started)) fell(name, code, signal, isReady(started));
    });
    child = started;
    return started;
  }

  return {
    name,
    starts,
    async up(limitMs) {
      const end = performance.now() + limitMs;
      for (;;) {
        const one = child?.running() ? child : await start();
        while (one.running() && performance.now() < end) {
          if (readyAt > 0 || isReady(one)) {
            readyAt ||= performance.now();
            return;
          }
          await sleep(25);
        }
        if (performance.now() >= end) throw new Error(`${name} was not ready after ${limitMs} ms`);
        await sleep(250);
      }
    },
    async kill() {
      if (!child) return;
      meant.add(child);
      child.kill('SIGKILL');
      await child.exited;
    },
    async term(twice) {
      if (!child) return null;
      const one = child;
      meant.add(one);
      one.kill('SIGTERM');
      if (twice) {
        await sleep(60);
        one.kill('SIGTERM');
      }
      return (await one.exited).code;
    },
    signal: (signal) => child?.kill(signal),
    pid: () => (child?.running() ? child.pid : undefined),
    log: () => child?.log() ?? '',
    running: () => child?.running() ?? false,
    isReady: () => child !== undefined && (readyAt > 0 || isReady(child)),
  };
}
