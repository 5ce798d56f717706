import { randomUUID } from 'node:crypto';
import { chain, Entry, type Head } from '../domain/audit.ts';
import { lookAt } from '../domain/due.ts';
import { key } from '../domain/protocol.ts';
import { isFinal, Run } from '../domain/run.ts';
import { tolerant } from '../domain/tolerant.ts';
import type { Clock, Hold } from '../ports.ts';
import { readHead } from './audit-head.ts';
import { type Redis, reaching } from './connect.ts';
import { BEGIN, ENTRIES, KEEP, NUMBER, OPEN, PUT, UNLOCK } from './hold-scripts.ts';
import { own } from './keys.ts';
import type { OwnMemory } from './memory.ts';
import { openReading } from './reading.ts';

const StoredRun = tolerant(Run);
const DAY_S = 86_400;
const PAGE = 1_000;

/** What may stand in Slack of a run. */
const POSTED = [
  ...['post', 'audit channel', 'note approval', 'note reminder', 'note decided', 'note stopped', 'note over'],
  ...['plan', 'outcomes'].flatMap((list) => [1, 2, 3, 4, 5].map((n) => `thread ${list} ${n}`)),
];
/**
 * As a mark that does not say when: whoever meets it looks before posting. Not the `1` of bots from before, whose lists are
 * taken for there without a look.
 */
const PERHAPS = 'perhaps';

/** The right to put back what Redis lost, for so many milliseconds at a time; `null` while another bot has it. */
export async function takeHold(
  { redis, memory, clock, keepDays }: { redis: Redis; memory: OwnMemory; clock: Clock; keepDays: number },
  ms: number,
): Promise<Hold | null> {
  const token = randomUUID();
  const reading = openReading(clock);
  if ((await redis.set(own.recall, token, 'PX', ms, 'NX')) === null) return null;
  const renewal = setInterval(() => {
    redis.eval(KEEP, 1, own.recall, token, String(ms)).catch(() => undefined);
  }, ms / 3);
  const held = (script: string, keys: string[], ...args: string[]) =>
    reaching(() => redis.eval(script, keys.length + 2, own.recall, own.whole, ...keys, token, ...args));
  const write = (mirrored: '1' | '', head: Head, entries: readonly { n: number; text: string }[]) =>
    held(
      ENTRIES,
      [own.back, own.audit, own.auditHead],
      ...[mirrored, String(head.n), head.hash],
      ...entries.flatMap(({ n, text }) => [String(n), text]),
    );
  return {
    load: (id) =>
      reaching(async () => {
        const json = await redis.hget(own.run(id), 'json');
        return json === null ? null : reading.read(id, StoredRun, json);
      }),
    isBegun: () => reaching(async () => (await redis.exists(own.back)) === 1),
    async begin(n) {
      const [from, mirrored] = (await held(BEGIN, [own.back], String(n), String(DAY_S))) as (string | null)[];
      return { from: Number(from), mirrored: Number(mirrored ?? from) };
    },
    told: (after) =>
      reaching(async () => {
        const told: Entry[] = [];
        for (let from = `(${after}-0`; ; ) {
          const rows = await redis.xrange(own.audit, from, '+', 'COUNT', PAGE);
          // What a newer version wrote is about runs that are left to it.
          told.push(...rows.flatMap(([, [, text = '']]) => readEntry(text)));
          const last = rows.at(-1);
          if (!last || rows.length < PAGE) return told;
          from = `(${last[0]}`;
        }
      }),
    entries: async (texts, head) => void (await write('1', head, texts)),
    async goOnFrom(head, fact) {
      for (const entry of chain(head, [fact]))
        await write('', entry, [{ n: entry.n, text: JSON.stringify(entry) }]);
    },
    async put(run, over, facts, wanted) {
      const entries = chain(await readHead(redis), facts);
      const last = entries.at(-1);
      const stored: Run = last ? { ...run, audit: { n: last.n, hash: last.hash } } : run;
      const now = clock();
      await held(
        PUT,
        [
          ...[own.run(run.id), own.due, own.cards, key.cancel(run.id), own.by(run.requester)],
          ...[own.channels, own.delivery(run.delivery ?? ''), own.audit, own.auditHead],
        ],
        over ? String(over.rev) : '',
        String(stored.rev),
        JSON.stringify(stored),
        String(keepDays * DAY_S),
        String(lookAt(stored, now) ?? ''),
        String(run.id),
        String(now),
        wanted ? '1' : '0',
        run.cancel && !isFinal(run.state) ? '1' : '0',
        run.channel,
        run.delivery ?? '',
        ...(last ? [String(last.n), last.hash] : []),
        ...entries.flatMap((entry) => [String(entry.n), JSON.stringify(entry)]),
      );
    },
    posted: ({ id }) =>
      reaching(async () => {
        const marks = redis.multi();
        for (const what of POSTED) marks.set(own.once(id, what), PERHAPS, 'EX', keepDays * DAY_S, 'NX');
        await marks.exec();
      }),
    over: (runs) =>
      reaching(async () => {
        for (let i = 0; i < runs.length; i += 1_000)
          await redis.sadd(own.over, ...runs.slice(i, i + 1_000).map(String));
        await redis.expire(own.over, keepDays * DAY_S);
      }),
    number: async (run) => void (await held(NUMBER, [own.runNumber], String(run))),
    async whole(news) {
      await held(OPEN, [own.bots, own.news, own.back], news ? JSON.stringify(news) : '');
      memory.setTo(await readHead(redis));
    },
    async release() {
      clearInterval(renewal);
      await redis.eval(UNLOCK, 1, own.recall, token).catch(() => undefined);
    },
  };
}

// --- internal ---

function readEntry(text: string): Entry[] {
  try {
    return [Entry.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}
