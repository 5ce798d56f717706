import type { Command } from '../../src/commands/_define.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { parseJobId } from '../../src/domain/job-id.ts';
import { plain } from '../../src/domain/markup.ts';
import type { Rights } from '../../src/domain/rights.ts';
import type { ApprovalPolicy, Run } from '../../src/domain/run.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { advance } from '../../src/flows/advance.ts';
import { decide } from '../../src/flows/decide.ts';
import { type Press, press } from '../../src/flows/press.ts';
import { openQuiet } from '../../src/flows/quiet.ts';
import { openRecall } from '../../src/flows/recall.ts';
import { report } from '../../src/flows/report.ts';
import { type Request, request } from '../../src/flows/request.ts';
import { stray } from '../../src/flows/stray.ts';
import { sweep } from '../../src/flows/sweep.ts';
import type { Answer, CardQueue, Log, Reply } from '../../src/ports.ts';
import { openReports } from '../../src/queue/reports.ts';
import { realTime } from '../../src/slack/backoff.ts';
import { spoken } from '../../src/slack/edge.ts';
import { openPeople } from '../../src/slack/people.ts';
import { openPostedCards } from '../../src/slack/posted-cards.ts';
import { openWriter } from '../../src/slack/writer.ts';
import { openAsks } from '../../src/store/asks.ts';
import { openAudit } from '../../src/store/audit.ts';
import { openCards } from '../../src/store/cards.ts';
import { reaching } from '../../src/store/connect.ts';
import { openHosts } from '../../src/store/hosts.ts';
import { openKeeping } from '../../src/store/keeping.ts';
import { own } from '../../src/store/keys.ts';
import { openMemory } from '../../src/store/memory.ts';
import { openRuns } from '../../src/store/runs.ts';
import { inDoubt } from '../../src/store/whole.ts';
import type { JobQueue } from './_jobs.ts';
import type { Loop, Process } from './_loop.ts';
import { type Connection, openClient, reach, waitFor } from './_redis-client.ts';
import type { RedisData } from './_redis-data.ts';
import { BOT_ID, type SimSlack } from './_slack.ts';

export interface BotSetting {
  loop: Loop;
  data: RedisData;
  queue: JobQueue;
  slack: SimSlack;
  process: Process;
  line: Connection['line'];
  commands: ReadonlyMap<string, Command>;
  rights: Rights;
  policy: ApprovalPolicy;
  auditChannel: string | undefined;
  /** Redis may forget. */
  forgetful: boolean;
  /** What should never be logged: an error that nobody expected. */
  unexpected(what: string, error: unknown): void;
  /** A private answer. */
  told(replyTo: string, answer: Answer): void;
}
export type Bot = ReturnType<typeof openBot>;

const COMMAND_MS = 2_000;
const READ_MS = 10_000;
const SWEEP_MS = 500;
/** A card that is not written at the first try is looked at less often than in production. */
const POLL_MS = 1_000;

/** The bot as `src/main.ts` wires it, on what is simulated. */
export function openBot(setting: BotSetting) {
  const { loop, data, queue, slack, process, line, rights } = setting;
  const connection: Connection = { loop, data, process, line, limitMs: COMMAND_MS };
  const redis = openClient(connection);
  const reading = openClient({ ...connection, limitMs: READ_MS });
  const clock = () => Math.round(loop.state.now);
  const log: Log = {
    info() {},
    warn: (msg, fields) => loop.say(() => `${process.name} warns: ${msg} ${JSON.stringify(fields ?? {})}`),
    error(msg, error) {
      loop.say(() => `${process.name} says: ${msg}: ${(error as Error)?.message}`);
      setting.unexpected(msg, error);
    },
  };
  const time = realTime(clock);
  const memory = openMemory();
  const keeping = openKeeping(redis, memory, clock, 90);
  const written = openCards(redis);
  const cards: CardQueue = {
    ...written,
    waiting: async (from) => (!setting.forgetful || (await keeping.isWhole()) ? written.waiting(from) : []),
  };
  const stored = openRuns(redis, clock, 90, memory);
  const runs: Deps['runs'] = {
    ...stored,
    create: async (...args) => kicking(await stored.create(...args)),
    createAs: async (...args) => kicking(await stored.createAs(...args)),
    commit: async (...args) => kicking(await stored.commit(...args)),
    commitWith: async (...args) => kicking(await stored.commitWith(...args)),
  };
  const voice: Deps['voice'] = {
    async reply(replyTo, answer) {
      setting.told(replyTo, answer);
    },
    async post() {},
  };
  const audit = openAudit(redis);
  const ending = new AbortController();
  const recall = openRecall({
    ...{ keeping, mirror: null, voice, log, auditChannel: setting.auditChannel, clock },
    posted: openPostedCards(slack.clientOf(process), BOT_ID, log),
    plans: runs,
    channels: () => audit.channels(),
    sleep: (ms) => loop.sleep(process, ms),
  });
  let ids = 0;
  const deps: Deps = {
    runs,
    cards,
    audit,
    asks: openAsks(redis),
    hosts: openHosts(redis, log),
    jobs: {
      send: (job) => reaching(() => reach(connection, `sends ${job.id}`, () => queue.add(job))),
      again: (job) => reaching(() => reach(connection, `sends ${job.id} again`, () => queue.add(job, true))),
    },
    people: openPeople(slack.clientOf(process), 'T1', Date.now),
    voice,
    postedHeads: { in: async () => ({ heads: [] }) },
    mirror: null,
    auditChannel: setting.auditChannel,
    log,
    clock,
    commands: setting.commands,
    rights,
    groups: {},
    policy: setting.policy,
    quiet: openQuiet(clock),
    aside: () => {},
    heardSince: recall.heardSince,
    async certain() {
      if (!(await keeping.isWhole())) throw inDoubt();
    },
    stray: (run, told) => stray({ keeping, clock, log }, run, told),
    newId: () => `${process.name}-${++ids}`,
  };
  const writer = openWriter({
    client: slack.clientOf(process),
    // Rate limits and outages are the calls' own here.
    gate: { fetch, wait: () => 0, away: () => null },
    ...{ runs, log, time, rights, botId: BOT_ID, name: process.name, auditChannel: setting.auditChannel },
    cards: { ...cards, waiting: (from) => waiting(from) },
    async posted(run, card) {
      const advanced = await advance(deps, run, { type: 'posted', at: clock(), card });
      return 'run' in advanced ? advanced.run.card : undefined;
    },
    async unpostable(run, words) {
      await advance(deps, run.id, { type: 'refuse', at: clock(), why: plain(words) });
    },
  });
  function kicking<T>(result: T): T {
    writer.kick();
    return result;
  }

  /** Waits where the production writer would ask again and again. */
  let news = true;
  let lastAsked = Number.NEGATIVE_INFINITY;
  data.changed.add((key) => {
    if (key === own.cards) news = true;
  });
  async function waiting(from?: number) {
    // The one page had them all.
    if (from) return [];
    while (data.find(own.cards) === undefined) await waitFor(connection, own.cards, Number.MAX_VALUE);
    const until = lastAsked + POLL_MS;
    if (!news && until > loop.state.now) await waitFor(connection, own.cards, until);
    news = false;
    lastAsked = loop.state.now;
    return cards.waiting(from);
  }

  async function sweeping(): Promise<void> {
    for (;;) {
      for (;;) {
        const due = Math.min(earliest(data, own.due), earliest(data, own.asksDue));
        if (due <= loop.state.now) break;
        // Until then, or until something is due earlier.
        await waitFor(connection, own.due, due);
      }
      await loop.sleep(process, SWEEP_MS);
      if (!recall.isOpen()) continue;
      await sweep(deps).catch((error) => log.error('what is done by the clock failed', error));
    }
  }

  async function recalling(): Promise<void> {
    for (;;) {
      await recall.check().catch((error) => log.error('what is done by the clock failed', error));
      await loop.sleep(process, 1_000);
    }
  }

  const reports = openReports(reading, process.name, log);
  loop.as(process, () => {
    void (async () => {
      for (;;) {
        try {
          await reports.listen(async (received) => {
            if (parseJobId(received.job)) await recall.whenOpen(ending.signal);
            return report(deps, received);
          });
          break;
        } catch {
          await loop.sleep(process, 1_000);
        }
      }
      writer.start();
      void sweeping();
      void recalling();
    })();
  });

  /** What somebody did reaches this bot; resolves to what that person is told alone. */
  const edge = (work: () => Promise<Answer | null>) => loop.as(process, () => spoken(log, work));
  return {
    process,
    deps,
    command: (asked: Request) => edge(() => request(deps, asked)),
    press: (pressed: Press, form: (run: Run) => void) =>
      edge(async () => {
        const reply: Reply = await press(deps, pressed);
        if (reply?.kind === 'form') form(reply.run);
        return reply?.kind === 'words' ? { lines: [reply.words] } : null;
      }),
    form: (sent: { run: RunId; user: Press['user']; team: string; reason?: string }) =>
      edge(async () => {
        const words = await decide(deps, { ...sent, verb: 'deny', via: 'form', delivery: deps.newId() });
        return words && { lines: [words] };
      }),
  };
}

// --- internal ---

function earliest(data: RedisData, key: string): number {
  const set = data.find(key);
  if (!(set instanceof Map)) return Number.MAX_VALUE;
  let first = Number.MAX_VALUE;
  for (const score of set.values()) if (Number(score) < first) first = Number(score);
  return first;
}
