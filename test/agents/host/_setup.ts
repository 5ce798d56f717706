import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { runAgent } from '../../../agents/host/main.ts';
import type { ExecuteJob } from '../../../agents/host/verify.ts';
import type { Engine } from '../../../playground/parts/engine.ts';
import { type ImageSpec, loadImages } from '../../../playground/parts/images.ts';
import type { Redis as RedisPart } from '../../../playground/parts/redis.ts';
import type { Scope } from '../../../playground/parts/scope.ts';
import { HostName, type ImageId, RunId } from '../../../src/domain/ids.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { Heartbeat, type Job, key, PREFIX, Report, type ReportBody } from '../../../src/domain/protocol.ts';
import { parseImageName } from '../../../src/domain/reference.ts';
import type { Selection } from '../../../src/domain/selection.ts';

export type Bot = Awaited<ReturnType<typeof startBot>>;
export type Agent = Awaited<ReturnType<typeof startAgent>>;
type Body<K extends ReportBody['kind']> = Extract<ReportBody, { kind: K }>;

export const HOST = HostName.parse('host-1');
let runs = 0;
export const nextRun = () => RunId.parse(++runs);

export const prune = (more: Partial<Extract<Selection, { kind: 'prune' }>> = {}): Selection => ({
  kind: 'prune',
  all: false,
  labels: [],
  ...more,
});
export const rmi = (names: readonly string[], force = false): Selection => ({
  kind: 'rmi',
  images: names.map(parseImageName),
  force,
});

/** The bot's side of Redis, as small as can be. */
export async function startBot(redis: RedisPart, host = HOST) {
  const client = new Redis(redis.url, { maxRetriesPerRequest: null });
  client.on('error', () => {});
  const queue = new Queue(key.queue(host), { connection: client, prefix: PREFIX });
  queue.on('error', () => {});

  const heartbeat = async () => {
    const text = await client.hget(key.hosts, host);
    return text === null ? null : Heartbeat.parse(JSON.parse(text));
  };
  /** All that was said of a job, also what was said again. */
  const said = async (job: string) => {
    const entries = await client.xrange(key.reports, '-', '+');
    return entries
      .map(([, fields]) => Report.parse(JSON.parse(fields[1] ?? '')))
      .filter((r) => r.job === job);
  };
  /** Each report once: nobody here acknowledges unless asked to, so they come again. */
  const reports = async (job: string) => [
    ...new Map((await said(job)).map((report) => [report.seq, report])).values(),
  ];
  /** As the bot does once it has stored what a report leads to. */
  const acknowledge = async () => {
    const entries = await client.xrange(key.reports, '-', '+');
    const all = entries.map(([, fields]) => Report.parse(JSON.parse(fields[1] ?? '')));
    const acked = all.map(({ job, seq }) => `${job} ${seq}`);
    if (acked.length === 0) return;
    const ids = entries.map(([id]) => id);
    await client
      .multi()
      .xdel(key.reports, ...ids)
      .sadd(key.acked(host), ...acked)
      .exec();
  };
  const header = async () => ({
    v: 1 as const,
    host,
    epoch: (await heartbeat())?.epoch ?? '',
    notAfter: Date.now() + 60_000,
  });
  const send = (job: Job | Record<string, unknown>, id = String(job.id)) =>
    queue.add('job', job, { jobId: `${id}-${Math.random()}`, removeOnComplete: true, removeOnFail: true });

  /** Waits for the first report of one of these kinds. */
  const report = async <K extends ReportBody['kind']>(job: string, ...kinds: K[]): Promise<Body<K>> => {
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(10)) {
      const found = (await reports(job)).find(({ body }) => kinds.includes(body.kind as K));
      if (found) return found.body as Body<K>;
    }
    throw new Error(`${job}: no report of ${kinds.join(' or ')}: ${JSON.stringify(await reports(job))}`);
  };

  const ask = async (selection: Selection, run = nextRun()) => {
    const id = `plan-${run}-${host}`;
    await send({ ...(await header()), id, kind: 'plan', run, selection });
    return { run, body: await report(id, 'plan', 'refused') };
  };
  const plan = async (selection: Selection): Promise<Plan & { run: RunId }> => {
    const { run, body } = await ask(selection);
    if (body.kind !== 'plan') throw new Error(JSON.stringify(body));
    return { ...body.plan, run };
  };
  const executeJob = async (
    planned: Plan & { run: RunId },
    more: Pick<ExecuteJob, 'staleOver'> = {},
  ): Promise<ExecuteJob> => ({
    ...(await header()),
    id: `execute-${planned.run}-${host}`,
    kind: 'execute',
    run: planned.run,
    planDigest: planned.digest,
    items: planned.items,
    cache: planned.cache,
    ...more,
  });
  const outcomesOf = async (job: string): Promise<Outcome[]> =>
    (await reports(job)).flatMap(({ body }) => (body.kind === 'outcomes' ? body.outcomes : []));
  const finish = async (job: ExecuteJob) => {
    const finished = await report(job.id, 'finished', 'refused');
    if (finished.kind !== 'finished') throw new Error(JSON.stringify(finished));
    const cache = (await reports(job.id)).flatMap(({ body }) =>
      body.kind === 'cache' ? [body.cache] : [],
    )[0];
    const drift = (await reports(job.id)).flatMap(({ body }) =>
      body.kind === 'stale' ? [body.drift] : [],
    )[0];
    return { finished, cache, drift, outcomes: await outcomesOf(job.id) };
  };
  const execute = async (planned: Plan & { run: RunId }, more?: Pick<ExecuteJob, 'staleOver'>) => {
    const job = await executeJob(planned, more);
    await send(job);
    return finish(job);
  };
  return {
    client,
    ...{
      heartbeat,
      header,
      send,
      report,
      reports,
      said,
      acknowledge,
      ask,
      plan,
      executeJob,
      outcomesOf,
      finish,
      execute,
    },
    cancel: (run: RunId) => client.set(key.cancel(run), '1'),
    async close() {
      await queue.close();
      client.disconnect();
    },
  };
}

/** An agent in this process, ready. */
export async function startAgent(
  scope: Scope,
  redis: Pick<RedisPart, 'url'>,
  engine: Pick<Engine, 'host'>,
  more: NodeJS.ProcessEnv = {},
) {
  const stop = new AbortController();
  const hurry = new AbortController();
  const lines: Record<string, unknown>[] = [];
  const errors: string[] = [];
  const code = runAgent(
    {
      DIMG_HOST: HOST,
      REDIS_URL: redis.url,
      DOCKER_HOST: engine.host,
      DIMG_STATE_DIR: mkdtempSync(join(scope.dir, 'state-')),
      ...more,
    },
    {
      version: 'test',
      signals: { stop: stop.signal, hurry: hurry.signal },
      out: (text) => void lines.push(JSON.parse(text)),
      err: (text) => void errors.push(text),
    },
  );
  const ended = code.then(() => true);
  const until = async (msg: string) => {
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(10)) {
      if (lines.some((line) => line.msg === msg)) return;
      if (await Promise.race([ended, sleep(0, false)])) throw new Error(`it ended: ${errors.join()}`);
    }
    throw new Error(`it never said ${msg}: ${JSON.stringify(lines)}`);
  };
  await until('ready');
  return {
    lines,
    until,
    hurry: () => hurry.abort(),
    async stop() {
      stop.abort();
      return code;
    },
  };
}

/** Takes everything away that is on an engine. */
export async function empty({ docker }: Engine): Promise<void> {
  for (const { Id } of await docker.listContainers({ all: true }))
    await docker.getContainer(Id).remove({ force: true, v: true });
  for (
    let images = await docker.listImages({ all: true }), round = 0;
    images.length > 0 && round < 10;
    round++
  ) {
    for (const { Id } of images)
      await docker
        .getImage(Id)
        .remove({ force: true })
        .catch(() => {});
    images = await docker.listImages({ all: true });
  }
}

/** So many images with a tag and a layer each; those of another name are others. */
export const loadMany = (engine: Pick<Engine, 'docker'>, n: number, name = 'layer') =>
  load(
    engine,
    Object.fromEntries(
      Array.from({ length: n }, (_, i): [string, ImageSpec] => [
        `i${i}`,
        { tags: [`app:${i}`], layers: [{ name: `${name} ${i}`, bytes: 1000 + i }] },
      ]),
    ),
  );

/**
 * Loads images, and finds their IDs by a label: the containerd store calls an image by another digest than
 * the one its archive tells.
 */
export async function load<Key extends string>(
  { docker }: Pick<Engine, 'docker'>,
  specs: Readonly<Record<Key, ImageSpec>>,
): Promise<Record<Key, ImageId>> {
  const keyed = Object.entries<ImageSpec>(specs).map(([key, spec]) => [
    key,
    { ...spec, labels: { ...spec.labels, 'dimg.key': key } },
  ]);
  await loadImages(docker, Object.fromEntries(keyed));
  const images = await docker.listImages({ all: true });
  const ids = images.map(({ Labels, Id }) => [Labels?.['dimg.key'], Id]);
  return Object.fromEntries(ids);
}
