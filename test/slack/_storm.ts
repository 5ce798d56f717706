import { type Fault, type Slack, startSlack } from '../../playground/slack/index.ts';
import type { RunId } from '../../src/domain/ids.ts';
import { sweep } from '../../src/flows/sweep.ts';
import type { Log } from '../../src/ports.ts';
import type { Redis } from '../../src/store/connect.ts';
import { own } from '../../src/store/keys.ts';
import { aHostStatus, HOST } from '../domain/_build.ts';
import { botOn } from '../flows/_bot.ts';
import type { Random } from '../property/_random.ts';
import { openClient } from '../simulate/_redis-client.ts';
import { openRedisData } from '../simulate/_redis-data.ts';
import { type Bot, type Call, openBot } from './_bot.ts';
import { RIGHTS } from './_card.ts';
import { CHANNELS } from './_lives.ts';
import { openVirtual } from './_virtual.ts';

/** A Slack and bots, in a time of their own; with a Redis of their own as well where none is given. */
export async function openStorm(given: Redis | null, random: Random, log: Log) {
  let slack: Slack | undefined;
  const virtual = openVirtual(() => slack?.hanging() ?? 0);
  slack = await startSlack({ rateLimits: true, time: virtual.time });
  const redis = given ?? redisInside(virtual.time.now);
  for (const id of [...CHANNELS, 'C0AUDIT'])
    slack.addChannel({ id, members: ['U0ANA', 'U0BEN', 'U0CLEO', 'U0DIMG'] });
  const hosts = { list: async () => [aHostStatus(HOST, { seenAt: virtual.time.now() })] };
  const { deps: bare } = botOn(redis, { hosts: [], rights: RIGHTS, now: virtual.time.now });
  const calls: Call[] = [];
  const bots: Bot[] = [];
  /** As the wiring does. */
  const kicking =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A) => {
      const result = await work(...args);
      for (const bot of bots) bot.kick();
      return result;
    };
  const { runs } = bare;
  const deps = {
    ...bare,
    hosts,
    runs: { ...runs, createAs: kicking(runs.createAs), commit: kicking(runs.commit) },
  };
  const ids: RunId[] = [];
  let faults = 0;
  slack.onChange((entry) => {
    if (entry.kind === 'call' && entry.fault) faults++;
  });
  let sweeping = true;
  const world = { slack, deps, virtual, random, log, calls };

  return {
    ...world,
    ids,
    bots,
    /** Starts another bot. */
    start(): Bot {
      const bot = openBot(`bot-${bots.length + 1}`, world);
      bots.push(bot);
      bot.start();
      return bot;
    },
    /** Looks for times that have come, so often. */
    async sweeps(everyMs: number): Promise<void> {
      while (sweeping) {
        await virtual.real(() => sweep(deps));
        await virtual.time.sleep(everyMs);
      }
    },
    /** How many cards are behind, as the store has it. */
    async behind(): Promise<number> {
      return redis.zcard('{dimg}:cards');
    },
    faults: () => faults,
    async close(): Promise<void> {
      sweeping = false;
      for (const bot of bots) bot.die();
      await world.slack.close();
    },
  };
}
export type Storm = Awaited<ReturnType<typeof openStorm>>;

/** The simulated Redis, which answers at once: a real one's answers take longer than all else that is done here. */
function redisInside(now: () => number): Redis {
  const data = openRedisData(now);
  data.exec('SET', [own.whole, data.runId()]);
  const loop = {
    ...{ state: { now: 0, trace: null }, latency: () => 0 },
    ask: (_process: unknown, _label: string, _ms: number, work: (answer: (value: unknown) => void) => void) =>
      new Promise((resolve) => work(resolve)),
  };
  const process = { name: 'storm', alive: true };
  return openClient({ loop, data, process, line: () => 'up', limitMs: 1_000 } as never);
}

/** One fault of all kinds that Slack and the network have, by chance. */
export function aFault(random: Random, method: string): Fault {
  const kind = random.pick([
    ...(['ratelimited', 'ratelimited', 'http', 'http', 'error', 'hang', 'drop'] as const),
    ...(['drop-after', 'drop-after', 'drop-after', 'http-after', 'late', 'late'] as const),
  ]);
  return {
    // An upload that was taken says nothing; one that was not has a status.
    ...{ method, kind: method === 'upload' && kind === 'error' ? 'http' : kind },
    error: random.pick(['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout']),
    status: random.pick([500, 502, 503, 504]),
    retryAfter: random.pick([1, 2, 4, 30]),
    // A call that was given up is carried out within some seconds, and history lags by less.
    ms: kind === 'late' ? 5_000 + random.below(15_000) : random.below(4_000),
  };
}
