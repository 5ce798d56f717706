import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createScope } from '../../playground/parts/scope.ts';
import { lapWords } from './laps.ts';
import { leaks, openLogs } from './logs.ts';
import { fakeTime } from './options.ts';
import { HASTE, patched } from './patched.ts';
import { newThread, type Result, runSchedule } from './run-schedule.ts';
import { type Drawing, draw, type Kind } from './schedule.ts';
import { describe } from './words.ts';
import { openWorld, SECRETS } from './world.ts';

export interface AllOptions {
  seed: number;
  numbers: readonly number[];
  parallel: number;
  kinds: readonly Kind[];
  hosts: readonly string[];
  dist: string;
  quick: boolean;
  strictUnknown: boolean;
  /** Stops at the first violation. */
  untilRed?: boolean;
  /** Also tells what happened where all held. */
  verbose?: boolean;
  /** What is drawn more often than elsewhere. */
  drawing?: Pick<Drawing, 'aim' | 'late' | 'linger' | 'asks'>;
  /** Bots keep to Slack's limits, as they do everywhere else. */
  limits?: boolean;
  /** A new world after so many schedules. */
  worldLife?: number;
  say: (text: string) => void;
}

export interface Summary {
  results: Result[];
  red: Result[];
  /** Of whole worlds. */
  leaks: string[];
  ms: number;
}

/** Runs schedules in some worlds at once. What is red is described, and its logs are kept. */
export async function runAll(options: AllOptions): Promise<Summary> {
  const begun = performance.now();
  const built = options.limits
    ? { dist: options.dist, remove() {} }
    : patched('in-haste', HASTE, options.dist);
  const queue = [...options.numbers];
  const results: Result[] = [];
  const leaked: string[] = [];
  let stopped = false;
  const world = async () => {
    while (queue.length > 0 && !stopped) await oneWorld();
  };

  async function oneWorld(): Promise<void> {
    const scope = createScope('chaos');
    try {
      const logs = openLogs(scope.dir, Object.values(SECRETS));
      const thread = newThread(logs);
      const clocks = options.kinds.includes('clock') && fakeTime() !== undefined;
      const { hosts } = options;
      const opened = await openWorld(
        scope,
        { hosts, dist: built.dist, clocks },
        (name, code, signal, ready) => {
          const how = `${name} ended by itself ${ready ? '' : 'before it was ready '}with ${code ?? signal}`;
          thread.note(how);
          if (ready) thread.fallen.push(how);
        },
      );
      for (let left = options.worldLife ?? 60; left > 0 && queue.length > 0 && !stopped; left--) {
        const number = queue.shift() as number;
        const schedule = draw(options.seed, number, { ...options, ...options.drawing });
        const result = await runSchedule(opened, thread, schedule, options).catch(
          (error: Error): Result => ({
            ...{
              schedule,
              happenings: [],
              ms: 0,
              endedAfterMs: 0,
              unknown: 0,
              states: [],
              deleted: 0,
              laps: {},
            },
            violations: [`the schedule could not be carried out: ${error.stack}`],
          }),
        );
        results.push(result);
        options.say(tell(result));
        const isRed = result.violations.length > 0;
        if (isRed || options.verbose) for (const line of redWords(result)) options.say(line);
        if (!isRed) continue;
        options.say(`  logs: ${keepLogs(scope.dir, result)}`);
        if (options.untilRed) stopped = true;
        // What went wrong may go on doing so: the next schedule gets a world of its own.
        break;
      }
      leaked.push(...leaks(scope.dir, Object.values(SECRETS)), ...seenInSlack(opened.slack.history));
    } finally {
      await scope.close().catch((error) => options.say(`A world did not close in order: ${error}`));
    }
  }

  try {
    await Promise.all(Array.from({ length: options.parallel }, world));
  } finally {
    built.remove();
  }
  const ms = Math.round(performance.now() - begun);
  return { results, red: results.filter((one) => one.violations.length > 0), leaks: leaked, ms };
}

// --- internal ---

function seenInSlack(history: readonly { kind: string }[]): string[] {
  return history
    .filter(({ kind }) => kind === 'message' || kind === 'view')
    .filter((entry) => Object.values(SECRETS).some((secret) => JSON.stringify(entry).includes(secret)))
    .map((entry) => `a secret was sent to Slack: ${JSON.stringify(entry).slice(0, 300)}`);
}

function tell({ schedule, ms, deleted, endedAfterMs, unknown, violations: found }: Result): string {
  const kinds = schedule.faults.map(({ kind }) => kind).join(' ');
  const doubt = unknown > 0 ? `, ${unknown} unknown` : '';
  return `${String(schedule.number).padStart(5)} ${found.length === 0 ? 'held' : 'RED '} ${(ms / 1000).toFixed(1)} s (ended ${(endedAfterMs / 1000).toFixed(1)} s after the last fault${doubt}), ${deleted} deleted: ${kinds}`;
}

function redWords({ schedule, violations: found, happenings }: Result): string[] {
  return [
    ...found.map((one) => `  ✗ ${one}`),
    ...describe(schedule).map((line) => `  ${line}`),
    ...happenings.map(({ at, text }) => `  ${String(at).padStart(6)} ms ${text}`),
  ];
}

function keepLogs(dir: string, result: Result): string {
  const { seed, number } = result.schedule;
  const kept = mkdtempSync(join(tmpdir(), `dimg-red-${seed}-${number}-`));
  mkdirSync(kept, { recursive: true });
  // Data of engines and Redis is large and says little.
  cpSync(dir, kept, {
    recursive: true,
    filter: (path) =>
      path === dir ||
      /\.log$/.test(path) ||
      (/^(state-.*|host-\d+|identity|jobs|deleted.*|.*\.jsonl?|journal.*)$/.test(basename(path)) &&
        !/docker\.sock|containerd/.test(path)),
  });
  writeFileSync(join(kept, 'schedule.txt'), `${redWords(result).join('\n')}\n`);
  return kept;
}

/** What the schedules came to, for people: a harness in which nothing happens holds everything. */
export function tallyWords(results: readonly Result[]): string {
  const states = new Map<string, number>();
  for (const state of results.flatMap((one) => one.states)) states.set(state, (states.get(state) ?? 0) + 1);
  const deleted = results.reduce((n, one) => n + one.deleted, 0);
  const runs = [...states].sort(([, a], [, b]) => b - a).map(([state, n]) => `${n} ${state}`);
  return `${deleted} images deleted; runs: ${runs.join(', ')}\nmeans: ${lapWords(results.map(({ laps }) => laps))}`;
}
