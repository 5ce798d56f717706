import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openState, type State } from '../../agents/host/state.ts';
import { objectionTo } from '../../agents/host/verify.ts';
import { type Entry, firstBreak } from '../../src/domain/audit.ts';
import { requested } from '../../src/domain/facts.ts';
import { type Job, key } from '../../src/domain/protocol.ts';
import type { Run } from '../../src/domain/run.ts';
import type { Deps } from '../../src/flows/_deps.ts';
import { openAudit } from '../../src/store/audit.ts';
import type { Redis } from '../../src/store/connect.ts';
import { openHosts } from '../../src/store/hosts.ts';
import { own } from '../../src/store/keys.ts';
import { openRuns } from '../../src/store/runs.ts';
import { aHostStatus, HOST, runId } from '../domain/_build.ts';
import { makeWhole, silent } from '../store/_redis.ts';
import { type Call, depsOf, type Flows, perform, type Task } from './_flows.ts';
import type { Model, Move, World } from './_model.ts';
import { membersOf, TICKS } from './_scene.ts';

/** A flow under way: where the model says that it is, and the gate at which it really waits. */
interface Live {
  bot: number;
  task: Task;
  place: number;
  gate: { call: Call; open(): void } | null;
  over: boolean;
  /** Resolves once the flow waits at a gate or is over. */
  still: Promise<void>;
}

interface Stage {
  /** Each bot's own connection. */
  bots: readonly Redis[];
  /** Where agents keep their state. */
  dir: string;
  /** A test may give a store that fails. */
  openStore?: typeof openRuns;
}

const asStored = ({ audit: _, ...run }: Run): Run => run as Run;

/**
 * Plays a trace of the model on the production code: flows, store and the agent's acceptance, with a real
 * Redis and a state folder. Every await of a port is a gate that opens when the trace says so. After each
 * move the code must wait where the model says, and at the end all that is stored must be the model's.
 */
export async function replay(
  model: Model,
  flows: Flows,
  trace: readonly Move[],
  { bots, dir, openStore = openRuns }: Stage,
): Promise<{ starts: number }> {
  const { tables, parts, scene } = model;
  const [redis] = bots as [Redis];
  await redis.flushdb();
  await makeWhole(redis);
  let world = model.first();
  const clock = () => TICKS[world.tick] as number;
  const open = (bot: number) => openStore(bots[bot] as Redis, clock, 90);
  const stores = bots.map((_, bot) => open(bot));
  const hosts = bots.map((one) => openHosts(one, silent));
  let folder: string | null = null;
  let agent: State | null = null;
  const queue = new Map<string, Job>();
  const told: unknown[] = [];
  let starts = 0;
  let live: Live[] = [];

  for (const [i, run] of scene.runs.entries()) {
    await stores[0]?.createAs(run, requested(run), 'reply');
    told.push(...requested(run));
    const [plan] = scene.plans[i] ?? [];
    if (plan && run.state !== 'planning') await stores[0]?.savePlan(run.id, plan);
  }
  const beat = async () => {
    const { seenAt, ...heartbeat } = aHostStatus(HOST, {
      epoch: `epoch-${world.epoch + 1}`,
      seenAt: clock() - (world.silent ? 60_000 : 0),
    });
    await redis.hset(key.hosts, HOST, JSON.stringify(heartbeat));
    await redis.zadd(key.seen, seenAt, HOST);
  };
  await beat();

  function start(bot: number, task: Task): Live {
    let waits = () => {};
    const one: Live = { bot, task, place: -1, gate: null, over: false, still: Promise.resolve() };
    const moving = () => {
      one.gate = null;
      one.still = new Promise((resolve) => {
        waits = resolve;
      });
    };
    moving();
    const store = stores[bot] as Deps['runs'];
    const at = <T>(call: Call, work: () => Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        one.gate = {
          call,
          open() {
            moving();
            work().then(resolve, reject);
          },
        };
        waits();
      });
    const base = depsOf(tables, clock, task.kind === 'sweep' ? task.run : null, () =>
      Promise.reject(new Error('unused')),
    );
    const deps: Deps = {
      ...base,
      runs: {
        ...base.runs,
        load: (id) => at({ port: 'load', run: id }, () => store.load(id)),
        commit: (before, after, facts) =>
          at(
            {
              port: 'commit',
              before: tables.runs.numberOf(asStored(before)),
              after: tables.runs.numberOf(asStored({ ...after, rev: before.rev + 1 })),
              facts: tables.facts.numberOf(facts),
            },
            () => store.commit(before, after, facts),
          ),
        savePlan: (id, plan) =>
          at({ port: 'savePlan', run: id, plan: tables.plans.numberOf(plan) }, () =>
            store.savePlan(id, plan),
          ),
        lookAgain: (run, time) =>
          at({ port: 'lookAgain', run: run.id, rev: run.rev, at: time }, () => store.lookAgain(run, time)),
        plans: (run) => store.plans(run),
      },
      hosts: {
        list: () => {
          const list = () => hosts[bot]?.list() ?? Promise.resolve([]);
          return model.waitsFor({ port: 'hosts' }) ? at({ port: 'hosts' }, list) : list();
        },
      },
      jobs: {
        send: (job) =>
          at({ port: 'send', job: tables.jobs.numberOf(job) }, async () => {
            if (!queue.has(job.id)) queue.set(job.id, job);
          }),
        again: async () => {
          throw new Error('Nobody is asked again here.');
        },
      },
      people: {
        ...base.people,
        inGroup: () => at({ port: 'group' }, async () => membersOf(world.approver)),
      },
    };
    perform(flows, scene, tables, task, deps).then(
      () => {
        one.over = true;
        waits();
      },
      (error) => {
        one.still = Promise.reject(error);
        one.still.catch(() => {});
        waits();
      },
    );
    return one;
  }

  /** The code waits where the model says that it does. */
  function expectAt(one: Live, next: World): void {
    const others = live.filter((other) => other !== one).map(({ bot, place }) => `${bot} ${place}`);
    const left = next.hands.filter(({ bot, place }) => {
      const i = others.indexOf(`${bot} ${place}`);
      if (i >= 0) others.splice(i, 1);
      return i < 0;
    });
    expect(left.length, 'flows under way').toBeLessThanOrEqual(1);
    const [hand] = left;
    if (!hand) {
      expect(one.over, 'the flow is over').toBe(true);
      live = live.filter((other) => other !== one);
      return;
    }
    expect(one.gate?.call).toEqual(parts.at(hand.place).call);
    one.place = hand.place;
  }

  async function through(one: Live): Promise<void> {
    one.gate?.open();
    await one.still;
  }

  /** With a journal as small as can be: there are many folders. */
  const openAgent = (dir: string) => openState(dir, () => 'identity-1', clock, 128 * 1024);

  async function takes(run: number): Promise<string> {
    folder ??= await mkdtemp(join(dir, 'agent-'));
    agent ??= await openAgent(folder);
    const job = [...queue.values()].find((one) => one.kind === 'execute' && one.run === run);
    if (!job) throw new Error('there is no such job in the queue');
    const { journal } = agent;
    if (journal.knows(job.id)) return 'left aside';
    const why = objectionTo(job, { host: HOST, epoch: `epoch-${world.epoch + 1}` }, clock());
    if (why) return `refused: ${why.kind}`;
    if (job.kind !== 'execute') throw new Error('only executions are accepted');
    const { id, kind, epoch, planDigest, items, cache } = job;
    const accepted = { at: clock(), id, run: job.run, kind, epoch, planDigest, items, cache };
    return (await journal.accept(accepted)) ? 'accepted' : 'left aside';
  }

  for (const move of trace) {
    const next = await model.after(world, move);
    switch (move.do) {
      case 'begin': {
        if (move.task.kind === 'sweep')
          expect(await stores[move.bot]?.due(clock() + 3_000), 'its time has come').toContain(move.task.run);
        const one = start(move.bot, move.task);
        live.push(one);
        await one.still;
        await through(one);
        world = next;
        expectAt(one, next);
        break;
      }
      case 'go': {
        const one = live.find(({ bot, place }) => bot === move.bot && place === move.place);
        if (!one) throw new Error('no flow of this bot waits there');
        const call = parts.at(move.place).call as Call;
        if (call.port === 'commit' && next.runs.some((run, i) => run !== world.runs[i]))
          told.push(...tables.facts.valueOf(call.facts));
        await through(one);
        world = next;
        expectAt(one, next);
        break;
      }
      case 'crash':
        live = live.filter(({ bot }) => bot !== move.bot);
        stores[move.bot] = open(move.bot);
        world = next;
        break;
      case 'take': {
        const done = await takes(move.run);
        const fresh = next.reports.filter((report) => !world.reports.includes(report));
        const bodies = fresh.map((report) => tables.reports.valueOf(report).body);
        const expected = bodies.map((body) =>
          body.kind === 'refused'
            ? `refused: ${body.why.kind}`
            : body.kind === 'started'
              ? 'accepted'
              : body.kind,
        );
        // A refusal that is told already is not told anew.
        const before = world.work[move.run - 1];
        // What was taken before is answered from the journal.
        if (before !== 'none' && before !== 'refused') expect(done).toBe('left aside');
        else if (expected.length > 0 || !done.startsWith('refused'))
          expect(done).toBe(expected[0] ?? 'left aside');
        world = next;
        break;
      }
      case 'delete': {
        const skips = (await redis.exists(key.cancel(runId(move.run)))) === 1;
        expect(skips, 'the agent sees the cancellation').toBe(world.flags[move.run - 1]);
        if (!skips) starts++;
        world = next;
        break;
      }
      default:
        world = next;
    }
    if (['tick', 'restart', 'silence', 'speak'].includes(move.do)) await beat();
    if (move.do === 'restart' && folder) {
      await agent?.close();
      agent = await openAgent(folder);
    }
  }

  await agent?.close();

  // What is stored is what the model says.
  const entries: Entry[] = (await openAudit(redis).read({ count: 1000 })).toReversed();
  expect(firstBreak(entries)).toBeNull();
  expect(entries.map(({ n: _n, prev: _p, hash: _h, ...fact }) => fact)).toEqual(told);
  for (const { id } of scene.runs) {
    const run = await open(0).load(id);
    const expected = model.stored(world, id);
    expect(run && asStored(run)).toEqual(expected);
    const last = entries.findLast((entry) => entry.run === id);
    expect(run?.audit).toEqual({ n: last?.n, hash: last?.hash });
    const score = await redis.zscore(own.due, String(id));
    expect(score === null ? null : Number(score), 'when it is looked at').toBe(world.due[id - 1]);
    const kept = await redis.hget(own.plans(id), HOST);
    const saved = world.saved[id - 1] ?? null;
    expect(kept === null ? null : JSON.parse(kept).digest).toBe(
      saved === null ? null : tables.plans.valueOf(saved).digest,
    );
    expect([...queue.values()].filter((job) => job.kind === 'execute' && job.run === id)).toEqual(
      typeof world.jobs[id - 1] === 'number' ? [tables.jobs.valueOf(world.jobs[id - 1] as number)] : [],
    );
  }
  if (folder) await rm(folder, { recursive: true });
  return { starts };
}
