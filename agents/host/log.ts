import type { Log } from './ports.ts';

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof LEVELS)[number];

/** JSON lines, one per message. Callers pass fields by name: nothing is logged wholesale, so no secret is. */
export function openLog(least: Level, write: (line: string) => void, now: () => number): Log {
  const at =
    (level: Level): Log[Level] =>
    (msg, fields = {}) => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
      write(`${JSON.stringify({ level, time: new Date(now()).toISOString(), msg, ...fields })}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** An error as a log field; messages of our own clients never hold addresses with passwords. */
export function errorField(error: unknown): { error: string } {
  return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
