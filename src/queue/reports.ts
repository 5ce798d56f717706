import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { UserError } from '../domain/error.ts';
import { key, Report } from '../domain/protocol.ts';
import type { Log, Reports } from '../ports.ts';

const GROUP = 'bot';
/** Another bot's report that it has not finished for so long is taken over. */
const ABANDONED_MS = 30_000;

type Row = [id: string, fields: string[]];

/**
 * What agents report, read by all bots as one consumer group: a report leaves the stream only once its
 * effect is stored, so a bot that dies in between leaves it to another.
 */
export function openReports(redis: Redis, consumer: string, log: Log): Reports & { close(): Promise<void> } {
  let closing = false;
  let loop: Promise<void> | undefined;

  async function listen(handle: (report: Report) => Promise<void>): Promise<void> {
    await redis.xgroup('CREATE', key.reports, GROUP, '0', 'MKSTREAM').catch((error: Error) => {
      if (!error.message.startsWith('BUSYGROUP')) throw error;
    });
    loop = run(handle);
  }

  async function run(handle: (report: Report) => Promise<void>): Promise<void> {
    // What this bot had taken before it was started again comes first.
    let from = '0';
    let looked = 0;
    while (!closing) {
      try {
        if (Date.now() - looked > ABANDONED_MS) {
          const [, taken] = (await redis.xautoclaim(
            key.reports,
            GROUP,
            consumer,
            ABANDONED_MS,
            '0',
            'COUNT',
            100,
          )) as [string, Row[]];
          for (const row of taken) await settle(row, handle);
          looked = Date.now();
        }
        const read = (await redis.xreadgroup(
          'GROUP',
          GROUP,
          consumer,
          'COUNT',
          100,
          'BLOCK',
          2000,
          'STREAMS',
          key.reports,
          from,
        )) as [string, Row[]][] | null;
        const rows = read?.[0]?.[1] ?? [];
        for (const row of rows) await settle(row, handle);
        // What this bot had in hand before comes first, each once: what is left of it is taken up again later.
        if (from !== '>') from = rows.at(-1)?.[0] ?? '>';
      } catch (error) {
        if (closing) return;
        log.error('reports could not be read', error);
        await sleep(1000);
        // After FLUSHALL the group is gone.
        await redis.xgroup('CREATE', key.reports, GROUP, '0', 'MKSTREAM').catch(() => undefined);
        from = '0';
      }
    }
  }

  async function settle([id, fields]: Row, handle: (report: Report) => Promise<void>): Promise<void> {
    const report = Report.safeParse(tryJson(fields?.[1] ?? ''));
    if (report.success) {
      if (!(await insist(() => handle(report.data)))) return;
    } else log.warn('a report could not be read', { id, problem: report.error.issues[0]?.message });
    if (!closing) await redis.multi().xack(key.reports, GROUP, id).xdel(key.reports, id).exec();
  }

  /**
   * While Redis or Slack is away a report waits. Any other failure will not go away by itself, and must not keep the
   * reports behind it. False where somebody must mend something first: then it is left, and taken up again later.
   */
  async function insist(work: () => Promise<void>): Promise<boolean> {
    for (let tries = 1; !closing; tries++) {
      try {
        await work();
        return true;
      } catch (error) {
        log.error('a report could not be carried out', error, { tries });
        const known = error instanceof UserError;
        if (known && error.lasting) return false;
        if (tries >= 5 && !known) return true;
        await sleep(Math.min(200 * 2 ** tries, 10_000));
      }
    }
    return false;
  }

  return {
    listen,
    async close() {
      closing = true;
      redis.disconnect();
      await loop;
    },
  };
}

// --- internal ---

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
