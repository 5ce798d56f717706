import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { skipWithout } from '../../playground/parts/available.ts';
import { loadCommands } from '../../src/commands/_load.ts';
import { NewerError } from '../../src/domain/error.ts';
import type { RunEvent } from '../../src/domain/event.ts';
import { HostName } from '../../src/domain/ids.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { Plan } from '../../src/domain/plan.ts';
import { summarise } from '../../src/domain/plan-summary.ts';
import { type Heartbeat, Job, key, type Report } from '../../src/domain/protocol.ts';
import { isFinal, type Run } from '../../src/domain/run.ts';
import { advance } from '../../src/flows/advance.ts';
import { dispatch } from '../../src/flows/dispatch.ts';
import { report } from '../../src/flows/report.ts';
import { request } from '../../src/flows/request.ts';
import { sweep } from '../../src/flows/sweep.ts';
import type { Log } from '../../src/ports.ts';
import { openReports } from '../../src/queue/reports.ts';
import { openHosts } from '../../src/store/hosts.ts';
import { own as names } from '../../src/store/keys.ts';
import { openRuns } from '../../src/store/runs.ts';
import { ANA, aHostStatus, runId } from '../domain/_build.ts';
import { botOn } from '../flows/_bot.ts';
import { type Random, randomOf } from '../property/_random.ts';
import { makeWhole, ownRedis, silent } from '../store/_redis.ts';

/** What 5cbacca, the version before this one, stored and sent: `npm run test:skew -- --record test/skew/golden.json`. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8')) as {
  jobs: Record<string, Job>;
  reports: Record<string, Report>;
  heartbeats: Record<string, Heartbeat>;
  plans: Record<string, Plan>;
  runs: Record<string, Run>;
};
const HOST = HostName.parse('host-1');
/** Of every state: what could not be had in one go is told of the run that was done. */
const done = golden.runs['done prune'] as Run;
const runs: [string, Run][] = [
  ...Object.entries(golden.runs),
  ...(['partial', 'failed', 'unknown'] as const).map((state): [string, Run] => [state, ended(state)]),
];

function ended(state: 'partial' | 'failed' | 'unknown'): Run {
  const part = done.hosts[HOST];
  if (!part) throw new Error('it has no such host');
  const { finished: _, ...rest } = part;
  const outcome: Outcome['outcome'] =
    state === 'unknown' ? 'unknown' : state === 'failed' ? 'failed' : 'skipped';
  const why = { kind: 'lost' } as const;
  const outcomes = part.outcomes.map((one) => ({ ...one, outcome, removed: [], freed: 0, why }));
  return { ...done, state, hosts: { [HOST]: { ...rest, outcomes, trouble: why } } };
}

/** Names of all fields, with their way there; entries of lists and tables count as one. */
function paths(value: unknown, way = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => paths(one, `${way}[]`));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, one]) => {
    const here = way.endsWith('hosts') ? `${way}.*` : `${way}.${name}`;
    return [here, ...paths(one, here)];
  });
}

/**
 * Puts fields that nobody knows into some of the objects in it; returns how many. What is said of an entry of the audit goes
 * with that entry.
 */
function inject(value: unknown, random: Random, name = ''): number {
  if (Array.isArray(value)) return value.reduce<number>((n, one) => n + inject(one, random), 0);
  if (value === null || typeof value !== 'object') return 0;
  let n = Object.entries(value).reduce((sum, [field, one]) => sum + inject(one, random, field), 0);
  if (name !== 'hosts' && name !== 'audit' && random.chance(0.4)) {
    (value as Record<string, unknown>)[`later${random.below(3)}`] = random.pick([
      1,
      'x',
      null,
      { deep: [{}] },
    ]);
    n++;
  }
  return n;
}
function eventFor(run: Run): RunEvent {
  if (run.state === 'proposed') return { type: 'cancel', at: 9, by: run.requester };
  if (!isFinal(run.state)) return { type: 'started', at: 9, host: HOST };
  return {
    ...{ type: 'finished', at: 9, host: HOST },
    report: { tookMs: 1, before: null, after: null, raced: [] },
  };
}
const laters = (value: unknown) =>
  paths(value)
    .filter((path) => /\.later\d$/.test(path))
    .sort();

describe.skipIf(skipWithout('what former and later versions store', 'redis'))('of another version', () => {
  const own = ownRedis('skew');
  const begin = async () => {
    await own.redis.flushdb();
    await makeWhole(own.redis);
  };
  const put = async (run: Run) => {
    await own.redis.hset(names.run(run.id), 'rev', String(run.rev), 'json', JSON.stringify(run));
  };
  const bot = (at = done.createdAt) => {
    const { deps, jobs } = botOn(own.redis, {
      hosts: [aHostStatus(HOST, { epoch: done.hosts[HOST]?.epoch ?? '', seenAt: at })],
      now: () => at,
    });
    return { deps, jobs };
  };

  test('all states are known', () => {
    const states = new Set(runs.map(([, { state }]) => state));
    expect(states.size).toBe(13);
  });

  test.each(runs)('a run that is %s is read as it is', async (_, run) => {
    await put(run);
    expect(await openRuns(own.redis, () => 0, 90).load(run.id)).toEqual(run);
  });

  test.each(Object.entries(golden.jobs))('a job of the kind %s is one', (_, job) => {
    expect(Job.parse(job)).toEqual(job);
  });

  test.each(Object.entries(golden.heartbeats))('a heartbeat (%s) is read as it is', async (_, beat) => {
    await own.redis.hset(key.hosts, beat.host, JSON.stringify(beat));
    await own.redis.zadd(key.seen, 7, beat.host);
    expect(await openHosts(own.redis, silent).list()).toEqual([{ ...beat, seenAt: 7 }]);
  });

  test.each(Object.entries(golden.reports))('a report of the kind %s is taken', async (_, told) => {
    await begin();
    await own.redis.xadd(key.reports, '*', 'r', JSON.stringify(told));
    const seen: Report[] = [];
    const reports = openReports(await own.another(), 'bot', silent);
    await reports.listen(async (one) => {
      seen.push(one);
      return 'settled';
    });
    await expect.poll(() => own.redis.xlen(key.reports)).toBe(0);
    expect(seen).toEqual([told]);
    await reports.close(1_000);
  });

  test('agents read the jobs that this version makes: it has no field that they do not know', async () => {
    /** With each of these an agent from before would refuse the job. */
    const fresh: string[] = [];
    const { deps, jobs } = bot();
    for (const [name, part] of [
      ['planning prune', { sent: 'nothing', stage: 'waiting' }],
      ['executing prune', { sent: 'plan', stage: 'planned' }],
      ['executing undo', { sent: 'plan', stage: 'planned' }],
    ] as const) {
      const run = golden.runs[name] as Run;
      const given = run.hosts[HOST];
      if (!given) throw new Error('it has no such host');
      const pruned = golden.plans.plan as Plan;
      const { items, planDigest: digest } = golden.jobs.restore as Extract<Job, { kind: 'restore' }>;
      const plan = name === 'executing undo' ? { ...pruned, items, digest } : pruned;
      const shown = name === 'planning prune' ? {} : { plan: summarise(plan) };
      const own: Run = {
        ...run,
        card: { channel: 'C0OPS', ts: '1.1' },
        hosts: {
          [HOST]: { ...given, ...part, ...shown, epoch: done.hosts[HOST]?.epoch ?? '', outcomes: [] },
        },
      };
      await put(own);
      if (name !== 'planning prune') await deps.runs.savePlan(run.id, plan);
      await dispatch(deps, own);
    }
    expect(jobs.map(({ kind }) => kind)).toEqual(['plan', 'execute', 'restore']);
    const known = new Set(Object.values(golden.jobs).flatMap((job) => paths(job)));
    expect([...new Set(jobs.flatMap((job) => paths(job)))].filter((path) => !known.has(path))).toEqual(fresh);
  });

  test('fields that are not known outlive whatever this version does to a run', async () => {
    const random = randomOf(1);
    let kept = 0;
    for (let round = 0; round < 120; round++) {
      await begin();
      const [, given] = runs[round % runs.length] as [string, Run];
      const run = structuredClone(given);
      inject(run, random);
      await put(run);
      const { deps } = bot();
      const loaded = await deps.runs.load(run.id);
      expect(loaded).toEqual(run);
      await advance(deps, run.id, eventFor(run));
      const stored = JSON.parse((await own.redis.hget(names.run(run.id), 'json')) ?? '');
      if (stored.rev > run.rev) kept += laters(run).length;
      expect(laters(stored)).toEqual(laters(run));
    }
    expect(kept).toBeGreaterThan(50);
  });

  test('fields of a report that are not known are stored with what it tells', async () => {
    await begin();
    const random = randomOf(2);
    const run = structuredClone(golden.runs['executing prune'] as Run);
    const told = structuredClone(golden.reports.outcomes as Report);
    while (!laters(told.body).some((path) => path.startsWith('.outcomes'))) inject(told, random);
    await put(run);
    await own.redis.xadd(key.reports, '*', 'r', JSON.stringify(told));
    const { deps } = bot();
    const reports = openReports(await own.another(), 'bot', silent);
    await reports.listen((one) =>
      report(deps, { ...one, job: `execute-${run.id}-${HOST}`, epoch: run.hosts[HOST]?.epoch ?? '' }),
    );
    await expect.poll(() => own.redis.xlen(key.reports)).toBe(0);
    const stored = await deps.runs.load(run.id);
    const body = told.body.kind === 'outcomes' ? told.body.outcomes : [];
    expect(stored?.hosts[HOST]?.outcomes).toEqual(body);
    await reports.close(1_000);
  });

  describe('a run that this version can not understand', () => {
    const newer = (id: number) =>
      ({ ...golden.runs['executing prune'], id, state: 'hibernating' }) as unknown as Run;
    const watched = () => {
      const lines: string[] = [];
      const log: Log = { info() {}, warn: (msg) => lines.push(msg), error: (msg) => lines.push(msg) };
      return { lines, log };
    };

    test("is answered with a sentence, and left as it is, in nobody's way", async () => {
      await begin();
      const { deps } = bot();
      const { lines, log } = watched();
      const all = { ...deps, log, commands: await loadCommands() };
      for (let id = 1; id <= 150; id++) {
        await put(newer(id));
        await own.redis.zadd(names.due, 1, String(id));
      }
      const expiring = {
        ...(golden.runs['proposed prune'] as Run),
        id: runId(500),
        expiresAt: done.createdAt - 1,
      };
      await put(expiring);
      await own.redis.zadd(names.due, 2, '500');
      const before = await own.redis.hgetall(names.run(runId(7)));
      for (let looks = 0; looks < 4; looks++) await sweep(all);
      expect((await deps.runs.load(runId(500)))?.state).toBe('expired');
      expect(lines).toHaveLength(150);
      expect(await own.redis.hgetall(names.run(runId(7)))).toEqual(before);
      expect(await own.redis.zscore(names.due, '7')).toBe('1');
      const asked = { user: ANA, team: 'T1', channel: 'C0OPS', replyTo: 'r', delivery: 'd' };
      for (const text of ['show 7', 'cancel 7', 'undo 7'])
        await expect(request(all, { ...asked, text })).rejects.toThrow(/#7 was written by a newer dimg/);
      await expect(request(all, { ...asked, text: 'pending' })).resolves.not.toBeNull();
    });

    test('keeps the reports about it for a newer bot, which has them at once', async () => {
      await begin();
      await put(newer(7));
      const { deps } = bot();
      const { lines, log } = watched();
      const told = { ...(golden.reports.started as Report), job: `execute-7-${HOST}` };
      await own.redis.xadd(key.reports, '*', 'r', JSON.stringify(told));
      const older = openReports(await own.another(), 'older', log);
      await older.listen((one) => report(deps, one));
      await expect.poll(() => lines).toHaveLength(1);
      const pending = async () => (await own.redis.xpending(key.reports, 'bot', '-', '+', 10)) as unknown[][];
      await expect.poll(async () => Number((await pending())[0]?.[2])).toBeGreaterThan(30_000);
      const seen: Report[] = [];
      const later = openReports(await own.another(), 'later', silent);
      await later.listen(async (one) => {
        seen.push(one);
        return 'settled';
      });
      await expect.poll(() => seen).toEqual([told]);
      expect(lines).toHaveLength(1);
      await Promise.all([older.close(1_000), later.close(1_000)]);
    });

    test('is a NewerError', async () => {
      await put(newer(8));
      await expect(bot().deps.runs.load(runId(8))).rejects.toBeInstanceOf(NewerError);
    });
  });

  test('a heartbeat that says more than this version understands hides no host, not even its own', async () => {
    await begin();
    const beat = golden.heartbeats.counted as Heartbeat;
    await own.redis.hset(key.hosts, 'host-1', JSON.stringify(beat));
    await own.redis.hset(
      key.hosts,
      'host-2',
      JSON.stringify({ ...beat, host: 'host-2', counts: 'many', v: 2 }),
    );
    await own.redis.hset(key.hosts, 'host-3', 'nothing of ours');
    const lines: string[] = [];
    const hosts = openHosts(own.redis, { ...silent, warn: (msg) => lines.push(msg) });
    await hosts.list();
    const list = await hosts.list();
    expect(list.map(({ host }) => host).sort()).toEqual(['host-1', 'host-2']);
    const other = list.find(({ host }) => host === 'host-2');
    expect(other).toMatchObject({ epoch: beat.epoch, counts: null, problem: { kind: 'engine' } });
    expect(lines).toHaveLength(2);
  });
});
