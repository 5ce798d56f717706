import { cpSync, existsSync, rmSync } from 'node:fs';
import type { WebClient } from '@slack/web-api';
import type { RunEvent } from '../../src/domain/event.ts';
import { factsOf, requested } from '../../src/domain/facts.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Run } from '../../src/domain/run.ts';
import { step } from '../../src/domain/step.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { openRecall } from '../../src/flows/recall.ts';
import { openMirror } from '../../src/mirror/mirror.ts';
import type { Hold, Keeping, Log, PostedCards } from '../../src/ports.ts';
import { metadataOf } from '../../src/slack/metadata.ts';
import { openPostedCards } from '../../src/slack/posted-cards.ts';
import { openAudit } from '../../src/store/audit.ts';
import type { Redis } from '../../src/store/connect.ts';
import { openKeeping } from '../../src/store/keeping.ts';
import { openMemory } from '../../src/store/memory.ts';
import { openRuns } from '../../src/store/runs.ts';
import { inDoubt } from '../../src/store/whole.ts';
import { aHostStatus, aRun, HOST } from '../domain/_build.ts';
import { silent } from '../store/_redis.ts';
import { botOn } from './_bot.ts';

/** Long enough to see that hosts are waited for, and no longer. */
const HOSTS_MS = 150;

export interface BotOptions {
  redis: Redis;
  client: WebClient;
  mirror?: string;
  posted?: PostedCards;
  log?: Log;
  hostsMs?: number;
  botsMs?: number;
  /** What puts back, before it is used. */
  hold?: (hold: Hold) => Hold;
}

/** The part of a bot that keeps runs, on a real Redis, with cards in the stand-in; the agents are the test's. */
export async function recallingBot(options: BotOptions) {
  const { redis, client, mirror: file, posted, log = silent, hostsMs = HOSTS_MS, botsMs = 100 } = options;
  const now = () => Date.now();
  const memory = openMemory();
  const kept = openKeeping(redis, memory, now, 90);
  const keeping: Keeping = {
    ...kept,
    async hold(ms) {
      const hold = await kept.hold(ms);
      return hold && (options.hold?.(hold) ?? hold);
    },
  };
  const runs = openRuns(redis, now, 90, memory);
  const audit = openAudit(redis);
  const told: { channel: string; lines: string[] }[] = [];
  const mirror =
    file === undefined
      ? null
      : await openMirror({
          ...{ file, audit, log },
          lock: async () => ((await keeping.isWhole()) ? async () => {} : null),
          tell: async (_, problem) => told.push({ channel: 'mirror', lines: [plain(problem)] }) > 0,
          over: async () => {},
        });
  const recall = openRecall({
    ...{ keeping, mirror, log, clock: now, auditChannel: undefined, hostsMs, botsMs },
    posted: posted ?? openPostedCards(client, 'B0DIMG', log),
    voice: {
      reply: async () => {},
      post: async (channel, { lines }) => void told.push({ channel, lines: lines.map(plain) }),
    },
    plans: runs,
    channels: () => audit.channels(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
  const { deps: base, jobs } = botOn(redis, { hosts: [aHostStatus(HOST, { seenAt: now() })], now });
  const certain = async () => {
    if (!(await keeping.isWhole())) throw inDoubt();
  };
  const deps: Deps = { ...base, runs, heardSince: recall.heardSince, certain };
  const cards = new Map<number, string>();

  return {
    ...{ redis, deps, runs, recall, keeping, told, jobs, mirror },
    /** Looks until Redis is whole. */
    async whole(): Promise<void> {
      for (let tries = 0; tries < 50; tries++) {
        await recall.check();
        if (recall.isOpen()) return;
        else await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async notices(): Promise<void> {
      await recall.check();
    },
    async asks(given: Partial<Run> = {}): Promise<Run> {
      const id = await runs.reserve();
      const run = aRun({ hosts: {}, ...given, id, rev: 0, createdAt: now() });
      const made = await runs.createAs(run, requested(run), 'reply');
      if (!made) throw new Error('the number was taken');
      return made;
    },
    /** One step of a run, stored. */
    async goes(id: Run['id'], event: RunEvent): Promise<Run> {
      const before = await runs.load(id);
      if (!before) throw new Error(`#${id} is not there`);
      const after = step(before, event);
      const stored = await runs.commit(
        before,
        after,
        factsOf(before, after, event.at, () => []),
      );
      if (!stored) throw new Error('somebody was faster');
      return stored;
    },
    /** The card as the writer would have it. */
    async shows(run: Run): Promise<void> {
      const content = { text: `#${run.id} ${run.state} · prune host-3`, metadata: metadataOf(run) };
      const ts = cards.get(run.id);
      if (ts) await client.chat.update({ channel: 'C0OPS', ts, ...content });
      else {
        const { ts: made } = await client.chat.postMessage({ channel: 'C0OPS', ...content });
        cards.set(run.id, made ?? '');
      }
    },
    entries: async () => (await audit.read({ count: 1_000 })).reverse(),
  };
}
export type RecallingBot = Awaited<ReturnType<typeof recallingBot>>;

/** A heartbeat as an agent's journal would send it. */
export async function beats(redis: Redis, host: string, known: object): Promise<void> {
  const [seconds] = await redis.time();
  await redis.zadd('{dimg}:seen', Number(seconds) * 1000 + 999, host);
  await redis.hset('{dimg}:known', host, JSON.stringify(known));
}

/** Copies of a stopped Redis's files. */
export function filesOf(dir: string, copy: string) {
  return {
    save: () => cpSync(dir, copy, { recursive: true }),
    restore(): void {
      if (!existsSync(copy)) throw new Error('nothing was saved');
      rmSync(dir, { recursive: true, force: true });
      cpSync(copy, dir, { recursive: true });
    },
  };
}
