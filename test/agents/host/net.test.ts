import { describe, expect, test } from 'vitest';
import { openCache } from '../../../agents/host/details.ts';
import { openDoubts } from '../../../agents/host/doubts.ts';
import { hostFinder, hostWork } from '../../../agents/host/host-work.ts';
import { openJobs } from '../../../agents/host/jobs.ts';
import { makePlan } from '../../../agents/host/plan.ts';
import { type Engine, EngineTrouble, type Log } from '../../../agents/host/ports.ts';
import type { ExecuteJob } from '../../../agents/host/verify.ts';
import { skipWithout } from '../../../playground/parts/available.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { ReportBody } from '../../../src/domain/protocol.ts';
import { DEFAULT_RULES } from '../../../src/domain/rules.ts';
import { noLimits, plainAround } from './_around.ts';
import { direct } from './_direct.ts';
import { temporaryFolder } from './_folder.ts';
import { useHost } from './_host.ts';
import { jobOf, openIn } from './_journal.ts';
import { HOST, load, nextRun, prune } from './_setup.ts';

const outcomesOf = (said: readonly ReportBody[]) =>
  said.flatMap((body) => (body.kind === 'outcomes' ? body.outcomes : []));
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

describe.skipIf(skipWithout('what nobody foresaw', 'engines', 'redis'))('an accepted job', () => {
  const host = useHost('net');

  /** The agent's own parts around a real engine, without a queue; `tamper` with what the execution works with. */
  async function agent(tamper: {
    engine?: Partial<Engine>;
    doubtful?: Partial<Engine>;
    readDisk?: () => Promise<null>;
  }) {
    const journal = await openIn(temporaryFolder());
    const at = direct(host.engine, { callLimitMs: 500 });
    const said: ReportBody[] = [];
    const outbox = {
      again() {},
      async say(id: string, body: ReportBody) {
        said.push(body);
        const seq = 1 + (journal.job(id)?.reports.size ?? 0);
        if (body.kind !== 'took') await journal.note({ t: 'report', at: 1, job: id, seq, body });
      },
    };
    // Nothing here is slow enough to be waited for.
    const clock = {
      now: Date.now,
      sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, Math.min(ms, 100))),
    };
    const passed = { ms: 0 };
    const engine = { ...at.engine, ...tamper.engine };
    const doubts = openDoubts({
      ...{ journal, outbox, clock, monotonic: () => passed.ms, log: silent },
      finder: hostFinder({ ...at.engine, ...tamper.doubtful }),
    });
    const never = new AbortController().signal;
    const planner = {
      ...{ host: HOST, engine, cache: openCache(), around: plainAround(), sleep: clock.sleep },
      rules: { ...DEFAULT_RULES, minAge: 0 },
    };
    const take = openJobs({
      ...{ self: { host: HOST, epoch: 'e1' }, journal, outbox, doubts, clock, log: silent, stop: never },
      work: hostWork(planner, {
        ...planner,
        ...{ clock, ledger: noLimits, log: silent, stop: never, hurry: never },
        queue: { cancelled: async () => false },
        readDisk: tamper.readDisk ?? (async () => null),
      }),
      heads: { seen: () => [] },
      queue: { now: async () => 0 },
      reportOn: () => async (body) => void said.push(body),
      rivalPresent: () => false,
      executed() {},
    });
    const jobFor = (plan: Plan): ExecuteJob => {
      const run = nextRun();
      return {
        ...{ v: 1, kind: 'execute', host: HOST, epoch: 'e1', notAfter: 1, run, id: `execute-${run}-${HOST}` },
        ...{ planDigest: plan.digest, items: plan.items, cache: plan.cache },
      };
    };
    const plan = () => makePlan(planner, prune());
    return { journal, doubts, said, take, at, plan, jobFor, passed };
  }
  const two = () =>
    load(host.engine, {
      a: { tags: [], layers: [{ name: 'a', bytes: 1000 }] },
      b: { tags: [], layers: [{ name: 'b', bytes: 2000 }] },
    });

  test('comes to its end whatever is thrown after it was started', async () => {
    await two();
    let reads = 0;
    const { said, take, doubts, plan, jobFor } = await agent({
      async readDisk() {
        if (++reads > 1) throw new Error('the disk is gone');
        return null;
      },
    });
    const planned = await plan();
    await take(jobFor(planned));
    await doubts.look();
    expect([...new Set(said.map(({ kind }) => kind))]).toEqual(['started', 'outcomes', 'finished']);
    expect(outcomesOf(said).map(({ outcome }) => outcome)).toEqual(['deleted', 'deleted']);
    expect((await host.witness.snapshot()).images).toEqual([]);
  });

  test('says of what was thrown out of its middle what the engine has', async () => {
    await two();
    const { said, take, doubts, plan, jobFor, journal, passed } = await agent({
      engine: {
        async remove() {
          throw new Error('nobody foresaw this');
        },
      },
    });
    const job = jobFor(await plan());
    await take(job);
    await doubts.look();
    for (; passed.ms < 660_000; passed.ms += 20_000) await doubts.look();
    const outcomes = outcomesOf(said);
    const ends = job.items.map(({ image }) =>
      outcomes.filter((one) => one.image === image).map(({ outcome }) => outcome),
    );
    expect(ends).toEqual([
      ['unknown', 'failed'],
      ['unknown', 'failed'],
    ]);
    expect(journal.job(job.id)?.intents.size).toBe(0);
    expect((await host.witness.snapshot()).images).toHaveLength(2);
  });

  test('whose deletion went through is never failed, though the engine falls silent right then', async () => {
    const [first] = Object.values(await two());
    let isSilent = false;
    const { said, take, doubts, at, plan, jobFor } = await agent({
      engine: {
        async remove(name, options) {
          const removal = await at.engine.remove(name, options);
          isSilent ||= name === first;
          return removal;
        },
        async inspect(name) {
          if (isSilent && name === first) throw new EngineTrouble({ kind: 'no-answer' });
          return at.engine.inspect(name);
        },
      },
    });
    const job = jobFor(await plan());
    await take(job);
    await doubts.look();
    const ends = outcomesOf(said).filter(({ image }) => image === first);
    expect(ends.map(({ outcome }) => outcome)).toEqual(['unknown', 'deleted']);
  });

  test('waits for what an earlier one left in doubt, and is refused while that can’t be looked up', async () => {
    await two();
    const { said, take, plan, jobFor, journal } = await agent({});
    const planned = await plan();
    const old = { ...jobOf(777), items: planned.items.slice(0, 1) };
    await journal.accept(old);
    await journal.note({ t: 'intent', at: 1, job: old.id, item: 0 });
    const job = jobFor(planned);
    host.engine.pause();
    await take(job);
    expect(said.at(-1)).toEqual({ kind: 'refused', why: { kind: 'no-answer' } });
    expect(journal.knows(job.id)).toBe(false);
    host.engine.resume();
    await take(job);
    // The old one's end is told before the new one begins.
    expect(said.map(({ kind }) => kind).filter((kind) => kind === 'finished' || kind === 'started')).toEqual([
      ...['started', 'finished'],
      ...['started', 'finished'],
    ]);
    expect((await host.witness.snapshot()).images).toEqual([]);
  });

  test('does not wait for ever for what the engine refuses to say of an earlier one', async () => {
    await two();
    const { said, take, plan, jobFor, journal } = await agent({
      doubtful: {
        async inspect() {
          throw new EngineTrouble({ kind: 'engine', message: 'its metadata is broken' });
        },
      },
    });
    const planned = await plan();
    const old = { ...jobOf(778), items: planned.items.slice(0, 1) };
    await journal.accept(old);
    await journal.note({ t: 'intent', at: 1, job: old.id, item: 0 });
    await take(jobFor(planned));
    expect(outcomesOf(said).map(({ outcome }) => outcome)).toEqual(['unknown', 'deleted', 'deleted']);
    expect((await host.witness.snapshot()).images).toEqual([]);
  });

  test('whose intent can not be written touches nothing', async () => {
    await two();
    const { said, take, plan, jobFor, journal } = await agent({});
    const job = jobFor(await plan());
    const { note } = journal;
    journal.note = (entry) => (entry.t === 'tried' ? Promise.reject(new Error('EIO')) : note(entry));
    await take(job);
    expect(said.at(-1)).toMatchObject({ kind: 'finished' });
    const failed = {
      outcome: 'failed',
      why: { kind: 'refused', message: expect.stringMatching(/journal/) },
    };
    expect(outcomesOf(said)).toMatchObject([failed, failed]);
    expect((await host.witness.snapshot()).images).toHaveLength(2);
  });
});
