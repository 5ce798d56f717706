import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { KEEP_S } from '../domain/due.ts';
import { NewerError, UserError } from '../domain/error.ts';
import { parseJobId } from '../domain/job-id.ts';
import { key, Report } from '../domain/protocol.ts';
import { tolerant } from '../domain/tolerant.ts';
import type { Log, Reports, Settled } from '../ports.ts';

const Told = tolerant(Report);
export const GROUP = 'bot';
/** Another bot's report that it has not finished for so long is taken over. */
const ABANDONED_MS = 30_000;
const PAGE = 100;

type Row = [id: string, fields: string[] | null];
type Handle = (report: Report) => Promise<Settled>;

/**
 * What agents report, read by all bots as one consumer group: a report leaves the stream only once its effect is stored,
 * so a bot that dies in between leaves it to another; in the same transaction the host is told that it needs to keep it
 * no longer. What this version can't read is left for a newer one.
 */
export function openReports(
  redis: Redis,
  consumer: string,
  log: Log,
): Reports & {
  /** What is in hand is finished, or left to another bot after so many milliseconds. */
  close(limitMs: number): Promise<void>;
} {
  const stop = new AbortController();
  let loop: Promise<void> | undefined;
  let waiting = false;
  /** Told of in the log once. */
  const unread = new Set<string>();

  async function listen(handle: Handle): Promise<void> {
    await redis.xgroup('CREATE', key.reports, GROUP, '0', 'MKSTREAM').catch((error: Error) => {
      if (!error.message.startsWith('BUSYGROUP')) throw error;
    });
    loop = run(handle);
  }

  async function run(handle: Handle): Promise<void> {
    // What this bot had taken before it was started again comes first.
    let from = '0';
    let looked = Number.NEGATIVE_INFINITY;
    while (!stop.signal.aborted) {
      try {
        // By a clock that nobody sets back.
        if (performance.now() - looked > ABANDONED_MS) {
          await takeOver(handle);
          looked = performance.now();
        }
        waiting = true;
        const read = (await redis.xreadgroup(
          'GROUP',
          GROUP,
          consumer,
          'COUNT',
          PAGE,
          'BLOCK',
          2000,
          'STREAMS',
          key.reports,
          from,
        )) as [string, Row[]][] | null;
        waiting = false;
        const rows = read?.[0]?.[1] ?? [];
        for (const row of rows) await settle(row, handle);
        // What this bot had in hand before comes first, each once: what is left of it is taken up again later.
        if (from !== '>') from = rows.at(-1)?.[0] ?? '>';
      } catch (error) {
        waiting = false;
        if (stop.signal.aborted) return;
        log.error('reports could not be read', error);
        await pause(1000);
        // After FLUSHALL the group is gone.
        await redis.xgroup('CREATE', key.reports, GROUP, '0', 'MKSTREAM').catch(() => undefined);
        from = '0';
      }
    }
  }

  /** All of them, page by page: those that are left there again must not keep others from being reached. */
  async function takeOver(handle: Handle): Promise<void> {
    for (let cursor = '0'; !stop.signal.aborted; ) {
      const [next, taken] = (await redis.xautoclaim(
        key.reports,
        GROUP,
        consumer,
        ABANDONED_MS,
        cursor,
        'COUNT',
        PAGE,
      )) as [string, Row[]];
      for (const row of taken) await settle(row, handle);
      if (next === '0-0') return;
      cursor = next;
    }
  }

  const pause = (ms: number) => sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);

  async function settle([id, fields]: Row, handle: Handle): Promise<void> {
    if (stop.signal.aborted) return;
    if (unread.has(id)) return leave(id);
    const leaving = redis.multi().xack(key.reports, GROUP, id).xdel(key.reports, id);
    const told = tryJson(fields?.[1] ?? '');
    const report = Told.safeParse(told);
    if (!report.success) {
      const problem = report.error.issues[0]?.message;
      if (told !== undefined) return leave(id, problem);
      log.warn('what is no report was removed from the stream', { id });
      await leaving.exec();
      return;
    }
    const settled = await insist(() => handle(report.data));
    if (settled instanceof NewerError) return leave(id, settled.message);
    if (settled === 'left') return;
    const { host, job, seq } = report.data;
    // Of surveys and plans hosts keep nothing.
    if (settled === 'settled' && (parseJobId(job)?.kind ?? 'plan') !== 'plan')
      leaving.sadd(key.acked(host), `${job} ${seq}`).expire(key.acked(host), KEEP_S);
    await leaving.exec();
  }

  /** For a bot of a newer version, which finds it abandoned long since. One line in the log for each. */
  async function leave(id: string, problem?: string): Promise<void> {
    if (!unread.has(id))
      log.warn('a report can not be read, and is left for a newer version of dimg', { id, problem });
    if (unread.size > 10_000) unread.clear();
    unread.add(id);
    await redis.xclaim(key.reports, GROUP, consumer, 0, id, 'IDLE', 10 * ABANDONED_MS, 'JUSTID');
  }

  /**
   * While Redis or Slack is away a report waits. Any other failure will not go away by itself, and must not keep the
   * reports behind it: it is dropped without an acknowledgement, so that its host sends again what it must. `left` where
   * somebody must mend something first, or this bot ends: then it is taken up again later.
   */
  async function insist(work: () => Promise<Settled>): Promise<Settled | 'dropped' | 'left' | NewerError> {
    for (let tries = 1; !stop.signal.aborted; tries++) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof NewerError) return error;
        log.error('a report could not be carried out', error, { tries });
        const known = error instanceof UserError;
        if (known && error.lasting) return 'left';
        if (tries >= 5 && !known) return 'dropped';
        await pause(Math.min(200 * 2 ** tries, 10_000));
      }
    }
    return 'left';
  }

  return {
    listen,
    async close(limitMs) {
      stop.abort();
      if (waiting) redis.disconnect();
      const late = new AbortController();
      await Promise.race([loop, sleep(limitMs, undefined, { signal: late.signal }).catch(() => undefined)]);
      late.abort();
      redis.disconnect();
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
