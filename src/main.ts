import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { whenAborted } from '../agents/host/aborted.ts';
import { ConfigError } from '../agents/host/config-error.ts';
import type { Signals } from '../agents/host/signals.ts';
import { loadCommands } from './commands/_load.ts';
import { readBotSettings } from './config.ts';
import { KEEP_DAYS } from './domain/due.ts';
import { parseJobId } from './domain/job-id.ts';
import { plain } from './domain/markup.ts';
import { openDrain } from './drain.ts';
import { edgeLog, every } from './edge.ts';
import type { Deps } from './flows/_deps.ts';
import { advance } from './flows/advance.ts';
import { openAside } from './flows/aside.ts';
import { decide } from './flows/decide.ts';
import { home } from './flows/home.ts';
import { press } from './flows/press.ts';
import { openQuiet } from './flows/quiet.ts';
import { openRecall } from './flows/recall.ts';
import { report } from './flows/report.ts';
import { request } from './flows/request.ts';
import { stray } from './flows/stray.ts';
import { sweep } from './flows/sweep.ts';
import type { CardQueue, Runs } from './ports.ts';
import { forgetGone } from './queue/gone.ts';
import { openJobs } from './queue/jobs.ts';
import { openReports } from './queue/reports.ts';
import { openApp } from './slack/app.ts';
import { realTime } from './slack/backoff.ts';
import { openGate } from './slack/gate.ts';
import { openPostedHeads } from './slack/heads.ts';
import { openPeople } from './slack/people.ts';
import { openPostedCards } from './slack/posted-cards.ts';
import { openVoice } from './slack/voice.ts';
import { openHomes } from './slack/write-home.ts';
import { openWriter } from './slack/writer.ts';
import { startMirror } from './start-mirror.ts';
import { awaitRedis, checkDurability } from './start-redis.ts';
import { startSlack } from './start-slack.ts';
import { openAsks } from './store/asks.ts';
import { openAudit } from './store/audit.ts';
import { openCards } from './store/cards.ts';
import { connect, reaching, redisClock } from './store/connect.ts';
import { openHosts } from './store/hosts.ts';
import { openKeeping } from './store/keeping.ts';
import { openMemory } from './store/memory.ts';
import { openRuns } from './store/runs.ts';
import { inDoubt } from './store/whole.ts';

const SWEEP_MS = 500;
const CLOCK_MS = 60_000;
const RECALL_MS = 1_000;
/** Where nothing was lost, Redis is known to be whole before anybody can ask for anything. */
const WHOLE_MS = 3_000;
/** Slack gives up after 3 s, and people wait no longer: what fails is told by then. */
const COMMAND_MS = 2_000;
/** Longer than one wait for reports. */
const READ_MS = 10_000;
/** Docker kills what has not ended 10 s after it was asked to. */
const DRAIN_MS = 8_000;
/** Commands in hand are answered by then; reports and what goes on beside have a little longer. */
const HANDS_MS = 3_000;
const ASIDE_MS = 5_000;

/**
 * The bot, from its environment to its end; resolves when it is told to stop and all is put away, or a little later
 * where something hangs. What it leaves is taken up by the next one.
 */
export async function runBot(
  env: NodeJS.ProcessEnv,
  options: { allowVolatile: boolean },
  { stop, hurry }: Signals,
): Promise<void> {
  const stopped = whenAborted(stop);
  // A stop in the middle of the start waits for nothing that may be away.
  const end = await Promise.race([start(env, options, stop), stopped]);
  await stopped;
  await end?.(hurry);
}

// --- internal ---

/** Starts the bot; resolves to what ends it, or to nothing where it was told to stop before there was anything to end. */
async function start(
  env: NodeJS.ProcessEnv,
  options: { allowVolatile: boolean },
  stop: AbortSignal,
): Promise<((hurry: AbortSignal) => Promise<void>) | undefined> {
  const settings = readBotSettings(env);
  const log = edgeLog(settings.level);
  process.on('unhandledRejection', (error) => log.error('a promise was left rejected', error));

  const redis = connect(settings.redisUrl, log, COMMAND_MS);
  const reading = connect(settings.redisUrl, log, READ_MS);
  await Promise.all([awaitRedis(redis), awaitRedis(reading)]);
  await checkDurability(redis, options.allowVolatile, log);
  log.warn('no signing key: whoever can write to this Redis can delete images on every host');
  const clock = await redisClock(redis);

  const time = realTime(clock.now);
  // Where Slack is away, reports are read and times are kept meanwhile.
  const slack = startSlack(settings, time, log, stop);
  const { client, botId } = slack;

  const audit = openAudit(redis);
  const memory = openMemory();
  const keeping = openKeeping(redis, memory, clock.now, KEEP_DAYS);
  const voice = openVoice(client(), time, log);
  const auditChannel = settings.audit.channel;
  const { file } = settings.audit;
  const mirror =
    file === undefined
      ? null
      : await startMirror({ file, redis, audit, keeping, voice, channel: auditChannel, log });

  const jobs = openJobs(redis, log);
  const stored = openRuns(redis, clock.now, KEEP_DAYS, memory);
  const queued = openCards(redis);
  const cards: CardQueue = {
    ...queued,
    // A card may be ahead of what a Redis that was set back has of its run; and a newer version writes what it stored.
    waiting: async (from) =>
      (await keeping.isWhole()) ? (await queued.waiting(from)).filter((id) => !stored.isUnread(id)) : [],
  };
  const runs: Runs = {
    ...stored,
    create: async (...args) => kicking(await stored.create(...args)),
    createAs: async (...args) => kicking(await stored.createAs(...args)),
    commit: async (...args) => kicking(await stored.commit(...args)),
    commitWith: async (...args) => kicking(await stored.commitWith(...args)),
  };
  const aside = openAside();
  const ending = new AbortController();
  const recall = openRecall({
    ...{ keeping, mirror, voice, log, auditChannel, clock: clock.now },
    posted: openPostedCards(client(), botId, log),
    channels: () => audit.channels(),
    configured: settings.rights.channels ?? [],
    plans: runs,
    sleep: (ms) => sleep(ms, undefined, { signal: ending.signal }),
  });
  const deps: Deps = {
    runs,
    cards,
    audit,
    asks: openAsks(redis),
    hosts: openHosts(redis, log),
    jobs: {
      send: (job) => reaching(() => jobs.send(job)),
      again: (job) => reaching(() => jobs.again(job)),
    },
    people: openPeople(client(), slack.team, time.monotonic),
    voice,
    postedHeads: openPostedHeads(client(), { botId, auditChannel }, log),
    mirror,
    auditChannel,
    log,
    clock: clock.now,
    commands: await loadCommands(),
    rights: settings.rights,
    groups: settings.groups,
    policy: settings.policy,
    aside: aside.add,
    heardSince: recall.heardSince,
    quiet: openQuiet(clock.now),
    async certain() {
      if (!(await keeping.isWhole())) throw inDoubt();
    },
    stray: (run, told) => stray({ keeping, clock: clock.now, log }, run, told),
    newId: randomUUID,
  };
  // The writer's own client: a rate limit on cards must not hold up anything else.
  const gate = openGate(time, log);
  const writer = openWriter({
    client: client({ fetch: gate.fetch }),
    ...{ gate, runs, cards, auditChannel, log, time },
    rights: settings.rights,
    botId,
    name: randomUUID(),
    async posted(run, card) {
      const advanced = await advance(deps, run, { type: 'posted', at: clock.now(), card });
      return 'run' in advanced ? advanced.run.card : undefined;
    },
    async unpostable(run, words) {
      await advance(deps, run.id, { type: 'refuse', at: clock.now(), why: plain(words) });
      const replyTo = await runs.replyTo(run.id);
      if (replyTo !== null) await deps.voice.reply(replyTo, { lines: [words] });
    },
  });
  function kicking<T>(result: T): T {
    writer.kick();
    mirror?.kick();
    return result;
  }

  const reports = openReports(reading, `bot-${randomUUID()}`, log);
  await reports.listen(async (received) => {
    // What it is about may be put back in a moment.
    if (parseJobId(received.job)) await recall.whenOpen(ending.signal);
    return report(deps, received);
  });
  await forgetGone(redis, log);
  mirror?.start();
  const loops = [
    every(RECALL_MS, ending.signal, log, recall.check),
    every(SWEEP_MS, ending.signal, log, async () => {
      if (clock.jumped()) await clock.measure();
      if (recall.isOpen()) await sweep(deps);
    }),
    every(CLOCK_MS, ending.signal, log, () => clock.measure()),
  ];
  const known = await slack.answer;
  if (!known) {
    ending.abort();
    redis.disconnect();
    reading.disconnect();
    return undefined;
  }
  const { bot_id = '', user_id = '' } = await slack.self;
  writer.start();
  const homes = openHomes({ client: client(), rights: settings.rights, time, log });
  const app = await openApp(
    {
      botToken: settings.botToken,
      botId: bot_id,
      botUserId: user_id,
      clientOptions: slack.options,
      by: settings.by,
    },
    {
      command: (asked) => request(deps, asked),
      press: (pressed) => press(deps, pressed),
      // A form is shown why it does not count each time that it is sent: it may be sent again after a bot died.
      deny: (sent) => decide(deps, { ...sent, verb: 'deny', via: 'form', delivery: randomUUID() }),
      reply: deps.voice.reply,
      home: async ({ hash, ...person }) => homes.publish(person.user, await home(deps, person), hash),
    },
    { log, time },
  );
  await Promise.race([recall.whenOpen(ending.signal), sleep(WHOLE_MS)]);
  const stopping = () => void app.end(HANDS_MS);
  stop.addEventListener('abort', stopping);
  await app.start().catch((error) => {
    if (!('appToken' in settings.by)) throw error;
    throw new ConfigError(`SLACK_APP_TOKEN: Slack does not take it: ${(error as Error).message}.`, {
      cause: error,
    });
  });
  stop.removeEventListener('abort', stopping);
  log.info('ready', { by: 'appToken' in settings.by ? 'Socket Mode' : `HTTP port ${settings.by.port}` });

  return async (hurry) => {
    log.info('stopping');
    const drain = openDrain(DRAIN_MS, hurry, log);
    await drain.waitFor('what people had asked', app.end(HANDS_MS), HANDS_MS);
    ending.abort();
    await Promise.all([
      drain.waitFor('what is done by the clock', Promise.all(loops), ASIDE_MS),
      drain.waitFor('a report', reports.close(Math.min(ASIDE_MS, drain.left())), ASIDE_MS),
      drain.waitFor('an answer', aside.settled(Math.min(ASIDE_MS, drain.left())), ASIDE_MS),
    ]);
    await drain.waitFor('a card', writer.close());
    await drain.waitFor('the mirror of the audit', mirror?.close() ?? Promise.resolve());
    await drain.waitFor('the queues', jobs.close());
    redis.disconnect();
    log.info('stopped');
  };
}
