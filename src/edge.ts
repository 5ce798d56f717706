import { setTimeout as sleep } from 'node:timers/promises';
import { errorField, openLog } from '../agents/host/log.ts';
import type { Log } from './ports.ts';

/** The bot's log: JSON lines on standard output. */
export function edgeLog(level: Parameters<typeof openLog>[0]): Log {
  const lines = openLog(level, (line) => process.stdout.write(line), Date.now);
  return {
    info: lines.info,
    warn: lines.warn,
    error: (msg, error, fields) =>
      lines.error(msg, { ...fields, ...(error !== undefined && errorField(error)) }),
  };
}

/** Does this again and again, `ms` milliseconds after it was done, until it is stopped; what fails is told in the log. */
export async function every(
  ms: number,
  stop: AbortSignal,
  log: Log,
  work: () => Promise<void>,
): Promise<void> {
  while (!stop.aborted) {
    await work().catch((error) => stop.aborted || log.error('what is done by the clock failed', error));
    await sleep(ms, undefined, { signal: stop }).catch(() => undefined);
  }
}
